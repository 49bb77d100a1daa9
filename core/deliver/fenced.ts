import type { Answer } from './answer.ts';
import type { BrokerClient } from './client.ts';

/** The right to write, which may be lost at any moment. */
export interface Right {
  isHeld(): boolean;
  /** Milliseconds for which it is held at least. */
  leftMs(): number;
}

/**
 * A client that asks for the right before each request and breaks requests off when it ends: what a process that was stopped for a while
 * still wants to deliver does not reach the broker after the next owner's.
 */
export function fencedClient(client: BrokerClient, right: Right): BrokerClient {
  async function send(request: (signal: AbortSignal) => Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
    if (!right.isHeld()) return { status: 0, failure: 'this process does not hold the lease of its shard', unreached: true };
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    let timer: NodeJS.Timeout | undefined;
    const look = (): void => {
      if (right.isHeld()) timer = setTimeout(look, Math.max(1, right.leftMs()));
      else stop();
    };
    look();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    try {
      return await request(abort.signal);
    } finally {
      clearTimeout(timer);
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
    close: () => client.close(),
  };
}
