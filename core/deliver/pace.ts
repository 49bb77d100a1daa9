import type { BatchLimits } from './queue.ts';

export interface PaceOptions {
  /** Entities in the first batches, and the most that a batch may grow to. */
  readonly entities: number;
  readonly mostEntities: number;
  readonly bytes: number;
  /** An answer that takes longer makes the batches smaller. */
  readonly targetMs: number;
}

/** Batches are not made smaller than this. */
const fewest = { entities: 10, bytes: 64_000 };
const step = 20;
const shrink = 0.7;

/** The size of batches as a broker takes them: more by and by while it answers soon, a third less when it does not (AIMD). */
export class BatchPace {
  readonly limits: BatchLimits;
  private readonly least: number;

  constructor(private readonly options: PaceOptions) {
    this.limits = { entities: Math.min(options.entities, options.mostEntities), bytes: options.bytes };
    this.least = Math.min(fewest.entities, this.limits.entities);
  }

  /** The broker took a batch of so many entities in so many milliseconds. */
  took(entities: number, ms: number): void {
    const { limits } = this;
    if (ms > this.options.targetMs) {
      // A small batch that takes long says nothing of its size.
      if (entities * 2 >= limits.entities) limits.entities = Math.max(this.least, Math.floor(limits.entities * shrink));
    } else if (entities >= limits.entities) limits.entities = Math.min(this.options.mostEntities, limits.entities + step);
  }

  /** It was too large for the broker. */
  tooLarge(entities: number, bytes: number): void {
    const { limits } = this;
    limits.bytes = Math.max(fewest.bytes, Math.floor(bytes / 2));
    if (entities * 2 >= limits.entities) limits.entities = Math.max(this.least, Math.floor(entities / 2));
  }
}
