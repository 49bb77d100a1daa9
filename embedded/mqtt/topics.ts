/** Whether an MQTT topic filter (`+`, `#`) takes a topic. MQTT 3.1.1, 4.7: wildcards at the first level do not take `$…` topics. */
export function filterTakes(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  const levels = topic.split('/');
  const pattern = filter.split('/');
  for (const [depth, level] of pattern.entries()) {
    if (level === '#') return true;
    if (depth >= levels.length) return false;
    if (level !== '+' && level !== levels[depth]) return false;
  }
  return pattern.length === levels.length;
}
