import type { Envelope } from '../plugin.ts';

/** Topics whose envelope is remembered: there are about as many as devices. */
const remembered = 20_000;

/** The envelope whose topic filters take a topic most specifically: with the fewest wildcards, `#` counting most, less the deeper it stands. */
export function findEnvelope(envelopes: readonly Envelope[]): (topic: string) => Envelope | undefined {
  const filters = envelopes
    .flatMap((envelope) => envelope.topics.map((filter) => ({ envelope, levels: filter.split('/') })))
    .sort((a, b) => wildcards(a.levels) - wildcards(b.levels));
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

function wildcards(levels: readonly string[]): number {
  return levels.reduce((sum, level, depth) => sum + (level === '#' ? 100 - depth : level === '+' ? 1 : 0), 0);
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
