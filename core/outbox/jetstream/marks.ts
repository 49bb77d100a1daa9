import type { KV } from '@nats-io/kv';

import { hashOf } from '../hash.ts';
import type { Watermark } from '../outbox.ts';
import { pack, unpack } from './body.ts';

/** Watermarks lie in so many entries of the bucket: one for each entity would be written thousands of times a second. */
const buckets = 256;

/** The text of an entity's watermarks; undefined: none. */
type MarksOf = (entityId: string) => string | undefined;

/** The watermarks of a shard in the key-value store. What is written follows the deliveries, and is written before they are forgotten. */
export class KeptMarks {
  private readonly entities = new Map<number, Set<string>>();
  private changed = new Set<number>();

  constructor(
    private readonly state: KV,
    private readonly shard: string,
  ) {}

  get hasChanges(): boolean {
    return this.changed.size > 0;
  }

  /**
   * Reads the marks of all shards: after a change of their number an entity may come from any of them. Of two marks of an attribute the
   * newer one counts.
   */
  async load(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for await (const key of await this.state.keys('marks.>')) {
      const entry = await this.state.get(key);
      if (entry === null || entry.operation !== 'PUT') continue;
      const isOwn = key.startsWith(`marks.${this.shard}.`);
      for (const [id, text] of JSON.parse(unpack(entry.value)) as [string, string][]) {
        if (isOwn) this.bucketOf(id).add(id);
        const other = found.get(id);
        found.set(id, other === undefined || other === text ? text : newer(other, text));
      }
    }
    return found;
  }

  touched(entityId: string): void {
    this.bucketOf(entityId).add(entityId);
    this.changed.add(hashOf(entityId) % buckets);
  }

  /** Writes what was touched. What could not be written stays to be written. */
  async write(marksOf: MarksOf): Promise<void> {
    const { changed } = this;
    this.changed = new Set();
    try {
      await Promise.all(
        [...changed].map((bucket) => {
          const rows = [...(this.entities.get(bucket) ?? [])].flatMap((id) => {
            const text = marksOf(id);
            return text === undefined ? [] : [[id, text]];
          });
          return this.state.put(`marks.${this.shard}.${bucket}`, pack(JSON.stringify(rows)));
        }),
      );
    } catch (error) {
      for (const bucket of changed) this.changed.add(bucket);
      throw error;
    }
  }

  private bucketOf(entityId: string): Set<string> {
    const bucket = hashOf(entityId) % buckets;
    let ids = this.entities.get(bucket);
    if (ids === undefined) this.entities.set(bucket, (ids = new Set()));
    return ids;
  }
}

function newer(one: string, other: string): string {
  const marks = new Map(JSON.parse(one) as [string, Watermark][]);
  for (const [name, mark] of JSON.parse(other) as [string, Watermark][]) {
    if ((marks.get(name)?.observedAt ?? '') < mark.observedAt) marks.set(name, mark);
  }
  return JSON.stringify([...marks]);
}
