import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Answer } from '../../../core/deliver/answer.ts';
import { createBrokerClient, type BrokerClient, type BrokerClientOptions } from '../../../core/deliver/client.ts';
import { fencedClient } from '../../../core/deliver/fenced.ts';
import { answer, startSink, type Sink } from './sink.ts';

/** A right that a test gives and takes. */
class Lease {
  held = true;
  private readonly listeners: (() => void)[] = [];
  isHeld = (): boolean => this.held;
  onEnd = (listener: () => void): void => void this.listeners.push(listener);

  /** It ends and the process hears of it. */
  end(): void {
    this.held = false;
    for (const listener of this.listeners) listener();
  }
}

const batch = (...ids: string[]): string => JSON.stringify(ids.map((id) => ({ id, type: 'T' })));
const clients: BrokerClient[] = [];
let lease: Lease;
beforeEach(() => {
  lease = new Lease();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function client(url: string, more: Partial<BrokerClientOptions> = {}): BrokerClient {
  const made = fencedClient(createBrokerClient({ url, mayWrite: lease.isHeld, ...more }), lease);
  clients.push(made);
  return made;
}

const isOf = (ids: string): { entities: object[] } => ({ entities: JSON.parse(batch(...ids.split(','))) as object[] });

describe('a client with a lease', () => {
  let sink: Sink;
  beforeEach(async () => {
    sink = await startSink();
  });
  afterEach(() => sink.close());

  it('sends what it is given, byte by byte, as long as the lease is held', async () => {
    const fenced = client(sink.url, { maxSockets: 1 });
    const long = 'č'.repeat(300_000);
    const answers = [
      await fenced.upsert(batch('a', 'b'), ''),
      await fenced.upsert(Buffer.from(batch(long)), ''),
      await fenced.addHistory('{"id":"c","type":"T"}', ''),
      await fenced.remove('[1]'),
      await fenced.upsert('1', ''),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204, 204]);
    expect(sink.requests.slice(0, 2)).toMatchObject([isOf('a,b'), isOf(long)]);
    expect(sink.requests.map(({ headers }) => headers['content-length'])).toEqual(
      [batch('a', 'b'), batch(long), '{"id":"c","type":"T"}', '[1]', '1'].map((text) => String(Buffer.byteLength(text))),
    );
  });

  it('asks nothing of the broker without it, and goes on when it is back', async () => {
    const fenced = client(sink.url);
    lease.end();
    const refused: Answer = await fenced.upsert(batch('a'), '');
    expect(refused).toMatchObject({ status: 0, unreached: true, failure: 'this process does not hold the lease of its shard' });
    expect(sink.requests).toEqual([]);

    lease.held = true;
    expect((await fenced.upsert(batch('a'), '')).status).toBe(204);
  });

  it('breaks off what is under way when it ends, and then once more', async () => {
    let closed = 0;
    sink.script((_request, response) => {
      response.once('close', () => closed++);
      return true;
    });
    const fenced = client(sink.url);
    for (const round of [1, 2]) {
      lease.held = true;
      const sending = [fenced.upsert(batch('a'), ''), fenced.addHistory('{"id":"b","type":"T"}', '')];
      while (sink.requests.length < 2 * round) await sleep(5);
      lease.end();
      expect((await Promise.all(sending)).map(({ status }) => status)).toEqual([0, 0]);
      while (closed < 2 * round) await sleep(5);
    }
  });

  it('can still be told by its caller to end', async () => {
    sink.script(() => true);
    const abort = new AbortController();
    const sending = client(sink.url).upsert(batch('a'), '', abort.signal);
    while (sink.requests.length < 1) await sleep(5);
    abort.abort();
    expect((await sending).status).toBe(0);
    expect((await client(sink.url).upsert(batch('a'), '', abort.signal)).status).toBe(0);
  });

  it('a request that waited for a connection meanwhile is not sent, though nobody has told of the end yet', async () => {
    sink.script((_request, response) => {
      // The process was stopped here: the answer comes when the lease has run out.
      lease.held = false;
      return answer(response, 204);
    });
    const fenced = client(sink.url, { maxSockets: 1 });
    const both = await Promise.all([fenced.upsert(batch('a'), ''), fenced.upsert(batch('b'), '')]);
    expect(both.map(({ status }) => status)).toEqual([204, 0]);
    expect(sink.requests).toMatchObject([isOf('a')]);
  });

  it('a second try over a fresh connection asks again', async () => {
    const fenced = client(sink.url, { maxSockets: 1 });
    await fenced.upsert(batch('a'), '');
    sink.script((_request, response) => {
      lease.held = false;
      response.destroy();
      return true;
    });
    expect((await fenced.upsert(batch('b'), '')).status).toBe(0);
    await sleep(50);
    expect(sink.requests).toMatchObject([isOf('a'), isOf('b')]);
  });
});

describe('a client with a lease, before a broker that reads slowly', () => {
  let server: Server;
  let sockets: Socket[];
  let got: number;
  const headers = (): number => head.indexOf('\r\n\r\n') + 4;
  let head: string;
  beforeEach(async () => {
    sockets = [];
    got = 0;
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', (chunk: Buffer) => {
        got = chunk.length;
        head = chunk.toString('latin1');
        socket.pause();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  /** More than two sockets hold. */
  const body = Buffer.alloc(24 * 1024 * 1024, 'x');

  /** A body is under way and not all of it with the operating system; then the broker reads on. */
  async function readOn(): Promise<{ readonly bytes: number; readonly answer: Answer }> {
    const sending = client(url()).upsert(body, '');
    while (got === 0) await sleep(5);
    await sleep(100);
    const [socket] = sockets;
    const ending = new Promise((resolve) => socket?.once('close', resolve));
    socket?.on('data', (chunk: Buffer) => {
      got += chunk.length;
      if (got === headers() + body.length) socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
    });
    socket?.resume();
    await ending;
    return { bytes: got - headers(), answer: await sending };
  }

  it('completes what it began', async () => {
    expect(await readOn()).toMatchObject({ bytes: body.length, answer: { status: 204 } });
  });

  it('does not complete what it began before the lease ended, though nobody has told of the end yet', async () => {
    const reading = readOn();
    while (got === 0) await sleep(5);
    lease.held = false;
    const { bytes, answer: said } = await reading;
    expect(bytes).toBe(body.length - 1);
    expect(said.status).toBe(0);
  });
});
