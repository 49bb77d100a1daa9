import type { TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

import type { Answer } from './answer.ts';
import type { BrokerClient } from './client.ts';

/** The right to write, which may end at any moment. */
export interface Right {
  isHeld(): boolean;
  /** Calls back each time it ends, before another one can have it. */
  onEnd(listener: () => void): void;
}

/** A client that asks for the right before each request and breaks off all requests when it ends. */
export function fencedClient(client: BrokerClient, right: Right): BrokerClient {
  const underWay = new Set<AbortController>();
  right.onEnd(() => {
    for (const abort of underWay) abort.abort();
  });

  async function send(request: (signal: AbortSignal) => Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
    if (!right.isHeld()) return { status: 0, failure: 'this process does not hold the lease of its shard', unreached: true };
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    underWay.add(abort);
    try {
      return await request(abort.signal);
    } finally {
      underWay.delete(abort);
      signal?.removeEventListener('abort', stop);
    }
  }

  return {
    upsert: (body, context, signal) => send((own) => client.upsert(body, context, own), signal),
    remove: (body, signal) => send((own) => client.remove(body, own), signal),
    addHistory: (body, context, signal) => send((own) => client.addHistory(body, context, own), signal),
    register: (body, context, signal) => send((own) => client.register(body, context, own), signal),
    registration: (id, signal) => client.registration(id, signal),
    unregister: (id, signal) => send((own) => client.unregister(id, own), signal),
    forTenant: (tenant) => fencedClient(client.forTenant(tenant), right),
    close: () => client.close(),
  };
}

type Connector = buildConnector.connector;

/**
 * Connections that ask at each write. Between the question of `fencedClient` and the bytes may lie a queue, a second try or a stop of the
 * whole machine: the last place to look is here.
 */
export function fencedConnector(connect: Connector, mayWrite: () => boolean): Connector {
  return (options, done) => {
    if (!mayWrite()) return void queueMicrotask(() => done(ended(), null));
    connect(options, (...result) => {
      if (result[1] !== null) fence(result[1], mayWrite);
      done(...result);
    });
  };
}

/**
 * The last byte of a body goes by itself, after all others are with the operating system and behind one more look: what a process begins
 * before it is stopped is then not completed by the operating system when it goes on, and without it a broker has nothing to carry out.
 */
function fence(socket: Socket | TLSSocket, mayWrite: () => boolean): void {
  const write = socket.write.bind(socket) as (chunk: Uint8Array | string, encoding?: BufferEncoding, done?: Done) => boolean;
  let last: Buffer | undefined;
  const put: typeof write = (chunk, encoding, done) => {
    if (mayWrite()) return write(chunk, encoding, done);
    socket.destroy(ended());
    return false;
  };
  const finish = (error?: Error | null): boolean => {
    const rest = last;
    last = undefined;
    return rest === undefined || (error ?? undefined) !== undefined || put(rest);
  };
  socket.write = ((chunk: Uint8Array | string, encoding?: BufferEncoding) => {
    finish();
    if (typeof chunk === 'string' || chunk.length < 2) return put(chunk, encoding);
    // A byte of its own: the memory of a body is used again.
    last = Buffer.from(chunk.subarray(-1));
    return put(chunk.subarray(0, -1), undefined, finish);
  }) as typeof socket.write;
}

type Done = (error?: Error | null) => void;

function ended(): Error {
  return new Error('the lease of the shard ended');
}
