/** Code of the sample that is kept, and event by which every refused message is counted. */
export const tooMany = 'too_many_messages';

/** How many messages one sender may send. */
export interface RateOptions {
  readonly perSecond: number;
  /** At once, after a pause that was long enough. */
  readonly burst: number;
  /** Milliseconds; default the monotonic clock. */
  readonly now?: () => number;
}

interface Bucket {
  tokens: number;
  since: number;
  /** Refused since the last that was kept as a sample, and when that was. */
  refused: number;
  sampledAt: number;
}

/** Senders that are remembered; beyond it all begin anew. */
const mostSenders = 100_000;
const sampleMs = 60_000;

/**
 * A bucket of tokens for each sender. The clock is looked at only when a bucket is empty: a message in good times costs a number. Between
 * two looks a sender may have the burst twice.
 */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();
  private readonly now: () => number;

  constructor(private readonly options: RateOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  /** Undefined: the message may pass. Else how many were refused since the last sample, with this one; 0: it is no sample. */
  refused(sender: string): number | undefined {
    const bucket = this.buckets.get(sender);
    if (bucket === undefined) {
      if (this.buckets.size >= mostSenders) this.buckets.clear();
      this.buckets.set(sender, { tokens: this.options.burst - 1, since: this.now(), refused: 0, sampledAt: -Infinity });
      return undefined;
    }
    return --bucket.tokens >= 0 ? undefined : this.look(bucket);
  }

  private look(bucket: Bucket): number | undefined {
    const now = this.now();
    const { perSecond, burst } = this.options;
    const earned = Math.floor(((now - bucket.since) * perSecond) / 1_000);
    if (earned >= 1) {
      bucket.tokens = Math.min(burst, earned) - 1;
      // What is left of a token is not lost.
      bucket.since = earned >= burst ? now : bucket.since + (earned * 1_000) / perSecond;
      return undefined;
    }
    bucket.tokens = 0;
    bucket.refused++;
    if (now - bucket.sampledAt < sampleMs) return 0;
    const { refused } = bucket;
    bucket.refused = 0;
    bucket.sampledAt = now;
    return refused;
  }
}
