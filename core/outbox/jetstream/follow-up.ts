import { setTimeout as sleep } from 'node:timers/promises';

import type { Instant } from '../../plugin.ts';
import { encodeLetters, pack, type KeptLetter } from './body.ts';
import type { Cluster, Names } from './cluster.ts';
import { replayedKey, stateKey } from './copy.ts';
import type { KeptMarks } from './marks.ts';
import type { Kept, Tracker } from './tracker.ts';

export interface FollowUpOptions {
  readonly cluster: Cluster;
  readonly names: Names;
  readonly tracker: Tracker;
  readonly marks: KeptMarks;
  marksOf(entityId: string): string | undefined;
  isHeld(): boolean;
}

/** What follows from a delivery is written so long after it, and after a failure. */
const restMs = 100;
const retryMs = 1_000;
const ackMs = 5_000;
const lettersInMessage = 100;
const mostLetterBytes = 500_000;

/** Writes into NATS what follows from deliveries: first watermarks, dead letters and small state, then the acknowledgements. */
export class FollowUp {
  private letters: KeptLetter[] = [];
  private values = new Map<string, Uint8Array>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  private failed = false;
  private closed = false;

  constructor(private readonly options: FollowUpOptions) {}

  letter(letter: KeptLetter): void {
    this.letters.push(letter);
    this.later();
  }

  state(key: string, value: unknown): void {
    this.values.set(stateKey(this.options.names.shard, key), pack(JSON.stringify(value)));
    this.later();
  }

  replayed(id: number, at: Instant): void {
    this.values.set(replayedKey(this.options.names.shard, id), pack(at));
    this.later();
  }

  touched(entityId: string): void {
    this.options.marks.touched(entityId);
  }

  later(ms = restMs): void {
    if (!this.closed) this.timer ??= setTimeout(() => void this.run(), ms);
  }

  /** Writes what is left, for at most so long; what is not written then is delivered again. */
  async close(patienceMs: number): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    const writing = (async () => {
      await this.writing;
      for (let tries = 0; tries < 20 && this.hasMore() && this.options.isHeld(); tries++) {
        await this.run();
        if (this.failed || this.hasMore()) await sleep(restMs);
      }
    })();
    await Promise.race([writing, sleep(patienceMs, undefined, { ref: false })]);
  }

  private hasMore(): boolean {
    const { marks, tracker } = this.options;
    return this.letters.length > 0 || this.values.size > 0 || marks.hasChanges || tracker.done.size > 0;
  }

  private async run(): Promise<void> {
    this.timer = undefined;
    if (!this.options.isHeld()) return;
    await (this.writing ??= this.write().finally(() => (this.writing = undefined)));
    if (this.hasReady()) this.later(this.failed ? retryMs : restMs);
  }

  /** Done ones without a way to acknowledge them wait until they are handed out. */
  private hasReady(): boolean {
    const { marks, tracker } = this.options;
    if (this.letters.length > 0 || this.values.size > 0 || marks.hasChanges) return true;
    for (const { reply } of tracker.done) if (reply !== undefined) return true;
    return false;
  }

  private async write(): Promise<void> {
    const { marks, marksOf, tracker, cluster } = this.options;
    const ready = [...tracker.done].filter(({ reply }) => reply !== undefined);
    try {
      await Promise.all([marks.write(marksOf), this.writeLetters(), this.writeValues()]);
      await Promise.all(ready.map((kept) => this.acknowledge(kept)));
      if (this.failed) cluster.options.logger.info('what was delivered is recorded in NATS again');
      this.failed = false;
    } catch (error) {
      if (!this.failed) cluster.options.logger.error({ err: error }, 'NATS cannot record what was delivered; trying again');
      this.failed = true;
    }
  }

  private async writeLetters(): Promise<void> {
    const { cluster, names } = this.options;
    while (this.letters.length > 0) {
      let count = 1;
      let bytes = this.letters[0]?.raw.length ?? 0;
      while (count < Math.min(lettersInMessage, this.letters.length)) {
        bytes += (this.letters[count]?.raw.length ?? 0) + 500;
        if (bytes > mostLetterBytes) break;
        count++;
      }
      await cluster.js.publish(names.letters, encodeLetters(this.letters.slice(0, count)));
      this.letters.splice(0, count);
    }
  }

  private async writeValues(): Promise<void> {
    const { values } = this;
    this.values = new Map();
    try {
      await Promise.all([...values].map(([key, value]) => this.options.cluster.state.put(key, value)));
    } catch (error) {
      this.values = new Map([...values, ...this.values]);
      throw error;
    }
  }

  private async acknowledge(kept: Kept): Promise<void> {
    const { reply } = kept;
    if (reply === undefined) return;
    await this.options.cluster.connection.request(reply, '+ACK', { timeout: ackMs });
    this.options.tracker.acknowledged(kept);
  }
}
