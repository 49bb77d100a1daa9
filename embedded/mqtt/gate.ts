import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const STOP_MS = 5_000;

/** The part of an MQTT connection that the gate looks at. */
interface Publisher {
  readonly closed: boolean;
}

export interface Gate {
  /**
   * Resolves `true` when `accept` has taken the message and every earlier message of the same publisher was let through, so
   * that acknowledgements leave in the order of arrival; `false` when the broker stops or the publisher is gone: then it must
   * not be acknowledged, and its sender will send it again.
   */
  pass(publisher: Publisher, accept: () => Promise<void>, acknowledged: boolean): Promise<boolean>;
  /** Lets a message that needs no acceptance through after the earlier ones of its publisher. */
  follow(publisher: Publisher): Promise<boolean> | undefined;
  /** Messages that wait for `accept`. */
  waiting(): number;
  /** Takes nothing more; resolves when every accept that is under way has ended, at the latest after 5 s. */
  stop(): Promise<void>;
}

/** Holds messages back until they are safe. While `accept` fails it is tried again with full jitter, 0.1 s to 5 s. */
export function createGate(logger: Logger): Gate {
  const tails = new WeakMap<Publisher, Promise<boolean>>();
  const underWay = new Set<Promise<boolean>>();
  const stopping = new AbortController();
  let failing = false;

  async function persist(publisher: Publisher, accept: () => Promise<void>, acknowledged: boolean): Promise<boolean> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      try {
        await accept();
        if (failing) logger.info('messages are taken again');
        failing = false;
        return true;
      } catch (error) {
        if (!failing) logger.warn({ err: error }, 'messages cannot be stored; senders get no acknowledgement until they can');
        failing = true;
      }
      // A QoS 0 sender never sends again, so its message stays here even when the sender has left.
      if (acknowledged && publisher.closed) return false;
      await pause(attempt);
    }
    return false;
  }

  async function pause(attempt: number): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
    await sleep(Math.random() * longest, undefined, { signal: stopping.signal }).catch(() => undefined);
  }

  function queue(publisher: Publisher, own: Promise<boolean>): Promise<boolean> {
    const earlier = tails.get(publisher) ?? Promise.resolve(true);
    const turn = Promise.all([earlier, own]).then(([before, passed]) => before && passed);
    tails.set(publisher, turn);
    void turn.then(() => {
      if (tails.get(publisher) === turn) tails.delete(publisher);
    });
    return turn;
  }

  return {
    pass(publisher, accept, acknowledged) {
      const own = persist(publisher, accept, acknowledged);
      underWay.add(own);
      void own.then(() => underWay.delete(own));
      return queue(publisher, own);
    },
    follow: (publisher) => (tails.has(publisher) ? queue(publisher, Promise.resolve(true)) : undefined),
    waiting: () => underWay.size,
    async stop() {
      stopping.abort();
      const patience = new AbortController();
      await Promise.race([Promise.all(underWay), sleep(STOP_MS, undefined, { signal: patience.signal }).catch(() => undefined)]);
      patience.abort();
    },
  };
}
