/** Whether a topic filter takes a topic, both by level. MQTT 5, 4.7: `+` is one level, `#` the rest with its parent; wildcards at the first level do not take `$…` topics. */
export function filterTakes(filter: readonly string[], topic: readonly string[]): boolean {
  if (topic[0]?.startsWith('$') === true && filter[0] !== topic[0]) return false;
  for (const [depth, level] of filter.entries()) {
    if (level === '#') return true;
    if (depth >= topic.length || (level !== '+' && level !== topic[depth])) return false;
  }
  return filter.length === topic.length;
}
