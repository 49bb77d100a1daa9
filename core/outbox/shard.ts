import { hashOf } from './hash.ts';

/** One of several processes that share the devices: number `index`, counted from 0, of `of`. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** A process that has all devices to itself. */
export const onlyShard: Shard = { index: 0, of: 1 };

/** Reads `0/2`; undefined when that is none. */
export function parseShard(text: string): Shard | undefined {
  const [, index, of] = /^(\d{1,3})\/(\d{1,3})$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  return index !== undefined && shard.index < shard.of ? shard : undefined;
}

/** As part of a name: `0-of-2`. */
export function shardName({ index, of }: Shard): string {
  return `${index}-of-${of}`;
}

/** Which of `of` shards has a device (its id in any case), an adapter or, where no device is known, a topic. */
export function shardOfKey(key: string, of: number): number {
  return of === 1 ? 0 : hashOf(key.toLowerCase()) % of;
}
