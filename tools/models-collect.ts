import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

import type { Entity } from '../core/entity/entity.ts';
import { passMessage } from '../core/pipeline.ts';
import type { Device, Envelope, Family } from '../core/plugin.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import { runAdapter } from '../core/source/dataset.ts';
import { sampleFilesOf, sampleFolderOf } from './sample-files.ts';

/** An entity and the file it came from. */
export interface Found {
  readonly entity: Entity;
  readonly from: string;
}

/** What a source came to, for the reader of the report. */
export interface Collection {
  readonly found: Found[];
  readonly notes: string[];
  /** Plug-ins whose samples gave no entity at all; of a family: samples gave readings that it publishes, but no entity of its types. */
  readonly silent: string[];
}

/** Every entity that stands in an example of a plug-in: any JSON file, or line of one, at any depth. */
export function fromExamples(root: string): Collection {
  const found: Found[] = [];
  for (const folder of ['adapters', 'agents']) {
    for (const file of filesIn(join(root, folder))) {
      if (!/[/\\]examples[/\\]/.test(file) || !/\.(json|jsonld|ndjson)$/.test(file)) continue;
      for (const value of jsonValues(readFileSync(file, 'utf8'))) {
        for (const entity of entitiesIn(value)) found.push({ entity, from: relative(root, file) });
      }
    }
  }
  return { found, notes: [`${found.length} entities in the examples`], silent: [] };
}

/** Every shared sample of a dataset through the line of the adapter whose folder it lies in, all stations. */
export async function fromDatasets(samples: string, knowledge: LoadedKnowledge, now: string): Promise<Collection> {
  const found: Found[] = [];
  const notes: string[] = [];
  const silent: string[] = [];
  for (const adapter of knowledge.adapters.values()) {
    const before = found.length;
    const codes = new Set<string>();
    const files = sampleFilesOf(adapter.name, samples);
    for (const file of files) {
      const from = relative(samples, file);
      const report = await runAdapter({
        adapter,
        knowledge,
        input: { kind: 'file', bytes: readFileSync(file), name: from },
        stations: 'all',
        clock: () => now,
        sink: {
          append: ({ publications }) => {
            for (const { entity } of publications) found.push({ entity, from });
            return Promise.resolve();
          },
        },
      });
      const outcome =
        report.outcome === 'refused' ? `refused: ${report.reason}` : `${report.entities} entities, ${report.rejections} rejections`;
      notes.push(`${from} through ${adapter.name}: ${outcome}`);
      for (const code of Object.keys(report.codes ?? { refused: 1 })) codes.add(code);
    }
    if (files.length > 0 && found.length === before && !areElsewhere(codes)) silent.push(adapter.name);
  }
  return { found, notes, silent };
}

/** Samples that were read, but whose sensors all stand in other countries: nothing of them may be published. */
function areElsewhere(codes: ReadonlySet<string>): boolean {
  return codes.has('invalid_location') && [...codes].every((code) => code === 'invalid_location' || code === 'no_measurement');
}

/**
 * Every shared sample of a message through every envelope, decoder and family: which belong together is not written on a sample, and
 * what a wrong decoder makes of a frame must be a rejection or a valid entity too. Same entities count once.
 */
export function fromMessages(samples: string, knowledge: LoadedKnowledge, now: string): Collection {
  const found = new Map<string, Found>();
  const { families } = knowledge.agents;
  const published = new Map([...families].map(([name, family]) => [name, publishedBy(family)]));
  const addressed = new Set<string>();
  const heard = new Set<string>();
  const ofDatasets = new Set([...knowledge.adapters.keys()].map(sampleFolderOf));
  const messages = filesIn(samples)
    .filter((file) => !ofDatasets.has(relative(samples, file).split(sep)[0] ?? ''))
    .flatMap(payloadsIn);
  for (const { file, topic, payload } of messages) {
    for (const envelope of knowledge.agents.envelopes) {
      const message = { topic: topic ?? topicFor(envelope, payload, now), payload: Buffer.from(payload), receivedAt: now };
      for (const decoder of [undefined, ...knowledge.agents.decoders.keys()]) {
        for (const [family, { emits }] of families) {
          const device = sampleDevice(family, decoder);
          const passage = passMessage(message, envelope, { ...knowledge, ...knowledge.agents, device: () => device });
          // Readings are the same for every family: without any there is nothing to map.
          if (passage.readings.length === 0) break;
          if (passage.readings.some(({ quantity }) => published.get(family)?.has(quantity))) addressed.add(family);
          for (const { entity } of passage.publications) {
            if (emits.includes(entity.type)) heard.add(family);
            const from = `${relative(samples, file)} through ${envelope.name}, ${decoder ?? 'default decoder'}, ${family}`;
            const key = JSON.stringify(entity);
            if (!found.has(key)) found.set(key, { entity, from });
          }
        }
      }
    }
  }
  return {
    found: [...found.values()],
    notes: [`${messages.length} messages of the samples through every agent: ${found.size} different entities`],
    silent: [...addressed].filter((family) => !heard.has(family)),
  };
}

/** The quantities of which the family makes entities; others it only knows. */
function publishedBy({ name, quantities, map }: Family): ReadonlySet<string> {
  const reading = { value: 1, observedAt: '2026-01-01T00:00:00.000Z' };
  return new Set(quantities.filter((quantity) => map([{ ...reading, quantity }], sampleDevice(name, undefined)).values.length > 0));
}

function sampleDevice(family: string, decoder: string | undefined): Device {
  return {
    id: 'vzorec-1',
    family,
    ...(decoder !== undefined && { decoder }),
    location: [14.02, 46],
    datum: 20,
    name: { sl: 'Vzorec', en: 'Sample' },
    owner: 'obcina-idrija',
    addressLocality: 'Idrija',
  };
}

/** The topic on which the envelope would have got the payload: of its device, with an uplink in it if it accepts one at all. */
function topicFor(envelope: Envelope, payload: string, now: string): string {
  const ids = [...payload.matchAll(/"(?:device_?id|dev_?eui)": *"([^"]+)"/gi)].map(([, id]) => id ?? '');
  const topics = [...ids, 'vzorec-1'].flatMap((id) =>
    envelope.topics.flatMap((filter) => {
      const topic = filter.replace(/[+#]/g, id);
      return [topic, topic.replace(/[^/]+$/, 'up')];
    }),
  );
  const accepts = (topic: string): boolean => envelope.open({ topic, payload: Buffer.from(payload), receivedAt: now }).values.length > 0;
  return topics.find(accepts) ?? topics[0] ?? '';
}

interface Payload {
  readonly file: string;
  readonly topic?: string;
  readonly payload: string;
}

/** The payloads of a sample file: the whole, and of a file of lines each line; a line may name its topic or wrap the message. */
function payloadsIn(file: string): Payload[] {
  const text = readFileSync(file, 'utf8');
  if (!/\.(json|ndjson|txt)$/.test(file) || text.length > 1_000_000) return [];
  if (file.endsWith('.json')) return [{ file, payload: text }];
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [value] = jsonValues(line);
      const { topic, payload, result } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
      if (typeof topic === 'string' && payload !== undefined) return { file, topic, payload: JSON.stringify(payload) };
      return { file, payload: result === undefined ? line : JSON.stringify(result) };
    });
}

/** The whole text as JSON, else each line that is. */
function jsonValues(text: string): unknown[] {
  const parsed = (json: string): unknown[] => {
    try {
      return [JSON.parse(json)];
    } catch {
      return [];
    }
  };
  const whole = parsed(text);
  return whole.length > 0 ? whole : text.split(/\r?\n/).flatMap(parsed);
}

function entitiesIn(value: unknown): Entity[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('id' in value && typeof value.id === 'string' && value.id.startsWith('urn:ngsi-ld:') && 'type' in value) return [value as Entity];
  return Object.values(value).flatMap(entitiesIn);
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
