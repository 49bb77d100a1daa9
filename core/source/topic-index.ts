import type { Envelope } from '../plugin.ts';

/** Topics whose envelope is remembered: there are about as many as devices. */
const remembered = 20_000;

/**
 * The envelope whose topic filters take a topic most specifically: at the first level at which two filters differ in kind, a name goes
 * before `+`, and `+` before `#`. So `zigbee2mqtt/#` keeps its topics from `+/online`, whatever a device is called.
 */
export function findEnvelope(envelopes: readonly Envelope[]): (topic: string) => Envelope | undefined {
  const filters = envelopes
    .flatMap((envelope) => [...envelope.topics, ...(envelope.pushes ?? [])].map((filter) => ({ envelope, levels: filter.split('/') })))
    .sort((a, b) => breadth(a.levels).localeCompare(breadth(b.levels)));
  const known = new Map<string, Envelope | undefined>();

  return (topic) => {
    if (known.has(topic)) return known.get(topic);
    const levels = topic.split('/');
    const envelope = filters.find((filter) => takes(filter.levels, levels))?.envelope;
    if (known.size >= remembered) known.clear();
    known.set(topic, envelope);
    return envelope;
  };
}

/** A digit for each level, so that narrower filters sort first. */
function breadth(levels: readonly string[]): string {
  return levels.map((level) => (level === '#' ? '2' : level === '+' ? '1' : '0')).join('');
}

/** MQTT 5, 4.7: `+` is one level, `#` the rest with its parent; wildcards at the first level do not take `$…` topics. */
function takes(filter: readonly string[], topic: readonly string[]): boolean {
  if (topic[0]?.startsWith('$') === true && filter[0] !== topic[0]) return false;
  for (const [depth, level] of filter.entries()) {
    if (level === '#') return true;
    if (depth >= topic.length || (level !== '+' && level !== topic[depth])) return false;
  }
  return filter.length === topic.length;
}
