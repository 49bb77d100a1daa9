/** An HTTP sink in the place of the broker: answers every batch at once, keeps it, and holds it against the truth when asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { entityId, entityType, measurement, measures, type Load } from './load.ts';
import { answer, now, say } from './parts.ts';

export interface SinkReport {
  /** Messages of which not every value arrived. */
  readonly missing: number;
  /** Batches in which an id stands twice. */
  readonly idTwice: number;
  /** States that arrived again. */
  readonly again: number;
  readonly requests: number;
  readonly entities: number;
  readonly megabytes: number;
}

interface Instance {
  readonly value?: unknown;
  readonly observedAt?: string;
}
type Body = ({ readonly id: string; readonly type: string } & Record<string, Instance>)[];

const needle = Buffer.from(`"id":"${entityId('')}`);
let bodies: Buffer[] = [];
let states = 0;
let expected = Infinity;

/** The moment of the newest state, of how many entities it is waited for, and whose has come. */
let newest = '';
let newestLeft = 0;
const newestOf = new Set<string>();
let takesLatency = false;
/** Milliseconds from publishing to the answer, by message. */
let latencies: number[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(204).end();
    const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    if (newest !== '') return lookForNewest(body);
    if (takesLatency) takeLatencies(body);
    else bodies.push(body);
    for (let at = body.indexOf(needle); at >= 0; at = body.indexOf(needle, at + needle.length)) states++;
    if (states < expected) return;
    expected = Infinity;
    say('all', now());
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => say('port', (server.address() as AddressInfo).port));

interface Expect {
  readonly expect: number;
  readonly latency?: boolean;
  readonly newest?: string;
  readonly of?: number;
}
type Question = Expect | { readonly count: true } | { readonly compare: Load } | { readonly listen: number } | { readonly latencies: true };

answer((question: Question) => {
  if ('count' in question) return states;
  if ('compare' in question) return compare(question.compare);
  if ('latencies' in question) return { latencies: latencies.sort((a, b) => a - b), arrived: states };
  if ('listen' in question)
    return new Promise<void>((resolve) =>
      createServer(server.listeners('request')[0] as never).listen(question.listen, '127.0.0.1', resolve),
    );
  bodies = [];
  states = 0;
  expected = question.expect;
  latencies = [];
  takesLatency = question.latency === true;
  newest = question.newest ?? '';
  newestLeft = question.of ?? 0;
  newestOf.clear();
  return undefined;
});

/** Only what says the newest moment is read. */
function lookForNewest(body: Buffer): void {
  if (newestOf.size >= newestLeft || !body.includes(newest)) return;
  const read = JSON.parse(body.toString()) as Body | Body[number];
  for (const entity of Array.isArray(read) ? read : []) if (entity[measures[0]]?.observedAt === newest) newestOf.add(entity.id);
  if (newestOf.size >= newestLeft) say('newest', now());
}

function takeLatencies(body: Buffer): void {
  const at = Date.now();
  for (const entity of JSON.parse(body.toString()) as Body) {
    const observedAt = entity.type === entityType ? entity[measures[0]]?.observedAt : undefined;
    if (observedAt !== undefined) latencies.push(at - Date.parse(observedAt));
  }
}

function compare(load: Load): SinkReport {
  const arrived = new Map<string, Set<string>>();
  let idTwice = 0;
  let entities = 0;
  let again = 0;
  for (const body of bodies) {
    const batch = JSON.parse(body.toString()) as Body;
    entities += batch.length;
    if (new Set(batch.map(({ id }) => id)).size < batch.length) idTwice++;
    for (const entity of batch.filter(({ type }) => type === entityType)) {
      const key = `${entity.id} ${entity[measures[0]]?.observedAt}`;
      if (arrived.has(key)) again++;
      arrived.set(key, new Set(measures.map((name) => `${name} ${String(entity[name]?.value)} ${entity[name]?.observedAt}`)));
    }
  }
  let missing = 0;
  for (let n = 0; n < load.messages; n++) {
    const { device, observedAt, values } = measurement(n, load);
    const state = arrived.get(`${entityId(device)} ${observedAt}`);
    const isWhole = measures.every((name, place) => state?.has(`${name} ${values[place]} ${observedAt}`) === true);
    if (!isWhole) missing++;
  }
  const bytes = bodies.reduce((sum, { length }) => sum + length, 0);
  const report = { missing, idTwice, again, requests: bodies.length, entities, megabytes: Math.round(bytes / 1e6) };
  bodies = [];
  return report;
}
