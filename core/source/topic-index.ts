import type { Envelope } from '../plugin.ts';
import { filterTakes } from './topic-filter.ts';

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
    const found = known.get(topic);
    if (found !== undefined || known.has(topic)) return found;
    const levels = topic.split('/');
    const envelope = filters.find((filter) => filterTakes(filter.levels, levels))?.envelope;
    if (known.size >= remembered) known.clear();
    known.set(topic, envelope);
    return envelope;
  };
}

/** A digit for each level, so that narrower filters sort first. */
function breadth(levels: readonly string[]): string {
  return levels.map((level) => (level === '#' ? '2' : level === '+' ? '1' : '0')).join('');
}
