/** A small proxy before any NGSI-LD broker: fails as it is told, and notes what the broker took. */
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Recorder } from './recorder.ts';

export type Fault =
  | { readonly kind: 'status'; readonly status: number }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Cuts the connection. */
  | { readonly kind: 'reset' }
  /** The broker commits, the answer does not arrive. */
  | { readonly kind: 'drop-after-commit' }
  /** Each answer to this tenant comes so late. */
  | { readonly kind: 'slow'; readonly tenant: string; readonly ms: number };

export interface Proxy {
  readonly url: string;
  setFault(fault: Fault | undefined): void;
  /** Nobody listens any more: connections are refused. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

interface Entity {
  readonly id: string;
  readonly pm10?: Instance | readonly Instance[];
}
interface Instance {
  readonly value?: unknown;
  readonly observedAt?: string;
}

const writes = new Map<string, 'state' | 'history'>([
  ['/ngsi-ld/v1/entityOperations/upsert', 'state'],
  ['/ngsi-ld/v1/temporal/entities', 'history'],
]);

/** `recorderOf`: who notes the arrivals of a tenant; '' is the default one. */
export async function startProxy(target: string, recorderOf: (tenant: string) => Recorder | undefined): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true });
  const underWay = new Set<string>();
  /** Who wrote an entity, in turn. */
  const writers = new Map<string, string[]>();
  let fault: Fault | undefined;
  let server: Server | undefined;
  let port = 0;

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // Asked for before anything is awaited: a sender that is killed may be gone by then.
    const closed = new Promise<void>((resolve) => outgoing.once('close', resolve));
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const tenant = String(incoming.headers['ngsild-tenant'] ?? '');
    const recorder = recorderOf(tenant);
    const into = incoming.method === 'POST' ? writes.get(new URL(incoming.url ?? '/', target).pathname) : undefined;
    const entities = into === undefined ? [] : [JSON.parse(body.toString()) as Entity | Entity[]].flat();
    const ids = new Set(entities.map(({ id }) => `${tenant} ${id}`));
    if (ids.size < entities.length) recorder?.fault('a batch held one entity twice');
    for (const id of ids) if (underWay.has(id)) recorder?.fault(`${id} was in two requests at the same time`);
    for (const id of ids) underWay.add(id);
    const writer = String(incoming.headers.authorization ?? '');
    for (const id of into === undefined ? [] : ids)
      if (!mayWrite(id, writer)) recorder?.fault(`${id} was written by ${writer} after its next writer`);
    const over = (): void => ids.forEach((id) => underWay.delete(id));
    let isForwarded = false;
    void closed.then(() => (isForwarded ? undefined : over()));

    const now = fault;
    if (now?.kind === 'hang') return;
    if (now?.kind === 'reset') return void incoming.socket.destroy();
    if (now?.kind === 'status') return answerFault(outgoing, now.status);
    if (now?.kind === 'slow' && now.tenant === tenant) await sleep(now.ms);
    // Under way until the broker has answered, also when the sender has gone meanwhile.
    isForwarded = true;
    const answer = await forward(incoming, body).catch(() => undefined);
    isForwarded = false;
    if (outgoing.closed) over();
    if (answer === undefined) return void incoming.socket.destroy();
    if (into !== undefined && recorder !== undefined) record(entities, answer, into, recorder);
    if (now?.kind === 'drop-after-commit' && into !== undefined) return void incoming.socket.destroy();
    const { 'transfer-encoding': _chunked, ...headers } = answer.headers;
    outgoing.writeHead(answer.status, { ...headers, ...(answer.status !== 204 && { 'content-length': answer.body.length }) });
    outgoing.end(answer.body);
  }

  /** The writer of an entity may be replaced, and does not come back then. */
  function mayWrite(id: string, writer: string): boolean {
    const turns = writers.get(id) ?? [];
    writers.set(id, turns);
    if (turns.at(-1) === writer) return true;
    turns.push(writer);
    return turns.indexOf(writer) === turns.length - 1;
  }

  function forward(incoming: IncomingMessage, body: Buffer): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const headers = { ...incoming.headers, host: new URL(target).host };
      const outgoing = request(new URL(incoming.url ?? '/', target), { method: incoming.method ?? 'GET', headers, agent }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }));
        answer.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  async function up(): Promise<void> {
    const created = createServer((incoming, outgoing) => void serve(incoming, outgoing).catch(() => incoming.socket.destroy()));
    created.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve, reject) => {
      created.once('error', reject);
      created.listen(port, '127.0.0.1', resolve);
    });
    port = (created.address() as AddressInfo).port;
    server = created;
  }

  async function down(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = new Promise((resolve) => closing.close(resolve));
    closing.closeAllConnections();
    await closed;
  }

  await up();
  return {
    url: `http://127.0.0.1:${port}`,
    setFault: (next) => void (fault = next),
    down,
    up,
    async close() {
      await down();
      agent.destroy();
    },
  };
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function answerFault(outgoing: ServerResponse, status: number): void {
  const type = 'https://uri.etsi.org/ngsi-ld/errors/InternalError';
  const body = JSON.stringify({ type, title: 'Switched fault', detail: `this proxy was told to answer ${status}` });
  outgoing.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...((status === 429 || status === 503) && { 'retry-after': '1' }),
  });
  outgoing.end(body);
}

/** Of a 207 only the entities that are named as successes were taken, or, where none is named, those without an error. */
function record(entities: readonly Entity[], { status, body }: Answered, into: 'state' | 'history', recorder: Recorder): void {
  if (status < 200 || status > 299) return;
  const refused = new Set<string>();
  if (status === 207) {
    const { errors = [] } = JSON.parse(body.toString()) as { errors?: { entityId?: string }[] };
    for (const { entityId } of errors) if (entityId !== undefined) refused.add(entityId);
  }
  for (const { id, pm10 } of entities) {
    if (pm10 === undefined || refused.has(id)) continue;
    for (const { value, observedAt } of [pm10].flat() as Instance[]) {
      if (observedAt !== undefined) recorder.arrived(id, observedAt, value, into);
    }
  }
}
