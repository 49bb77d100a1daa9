import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Attributes = Record<string, { value?: unknown; observedAt?: string }>;
export type SinkEntity = { id: string; type: string } & Attributes;

export interface SinkRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly entities: SinkEntity[];
}

/** Answers a request in its place; says whether it did. `store` takes it over as a broker would. */
export type Script = (request: SinkRequest, response: ServerResponse, store: () => void) => boolean;

/**
 * A broker that only knows batch upsert and history, and does what the script of a test says. It orders nothing: the last writer wins,
 * as with Orion-LD.
 */
export async function startSink() {
  const requests: SinkRequest[] = [];
  const state = new Map<string, SinkEntity>();
  /** Every instance that came in, in order: `id attribute observedAt` → times. */
  const history = new Map<string, number>();
  let script: Script = () => false;

  function remember(id: string, name: string, instance: { observedAt?: string }): void {
    const key = `${id} ${name} ${instance.observedAt}`;
    history.set(key, (history.get(key) ?? 0) + 1);
  }

  function store({ path, entities }: SinkRequest): void {
    for (const entity of entities) {
      const { id, type, ...attributes } = entity;
      const live = path.includes('/entityOperations/');
      if (live) state.set(id, { ...state.get(id), ...entity });
      for (const [name, value] of Object.entries(attributes)) {
        for (const instance of [value].flat()) remember(id, name, instance);
      }
      void type;
    }
  }

  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as SinkEntity | SinkEntity[];
      const request: SinkRequest = { path: incoming.url ?? '', headers: incoming.headers, entities: [body].flat() };
      requests.push(request);
      if (script(request, response, () => store(request))) return;
      store(request);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    state,
    history,
    server,
    script: (next: Script) => {
      script = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Sink = Awaited<ReturnType<typeof startSink>>;

/** A JSON answer. */
export function answer(response: ServerResponse, status: number, body?: unknown, headers: Record<string, string> = {}): true {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...headers }).end(text);
  return true;
}
