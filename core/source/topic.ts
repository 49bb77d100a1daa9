/** Whether an MQTT topic matches a filter with `+` and `#` (MQTT 3.1.1, 4.7). Wildcards do not match topics that start with `$`. */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

/** What listens to a topic most specifically: the matching filter with the fewest wildcards wins, `#` counting most. */
export function mostSpecific<T extends { readonly topics: readonly string[] }>(listeners: readonly T[], topic: string): T | undefined {
  let best: T | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const listener of listeners) {
    for (const filter of listener.topics) {
      const wildcards = wildcardsIn(filter);
      if (wildcards >= fewest || !matches(filter, topic)) continue;
      best = listener;
      fewest = wildcards;
    }
  }
  return best;
}

function wildcardsIn(filter: string): number {
  let count = 0;
  for (const level of filter.split('/')) count += level === '#' ? 100 : level === '+' ? 1 : 0;
  return count;
}
