import type { Reading } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';

/**
 * Readings of which an entity can say only one: a quantity that the device gave for one moment with different values (two probes, two
 * channels) is left out of the map, with a reason. An exact repeat counts once.
 */
export function withoutContradictions(readings: readonly Reading[]): {
  readonly clear: readonly Reading[];
  readonly rejections: Rejection[];
} {
  const values = new Map<string, Set<number>>();
  for (const reading of readings) values.set(keyOf(reading), (values.get(keyOf(reading)) ?? new Set()).add(reading.value));
  const rejections: Rejection[] = [];
  const seen = new Set<string>();
  const clear: Reading[] = [];
  for (const reading of readings) {
    const key = keyOf(reading);
    if (seen.has(key)) continue;
    seen.add(key);
    const given = [...(values.get(key) ?? [])];
    if (given.length === 1) clear.push(reading);
    else {
      const message = `the device gives ${reading.quantity} for ${reading.observedAt} as ${given.slice(0, 10).join(', ')}; an entity holds one value`;
      rejections.push(reject('map', 'contradiction', message));
    }
  }
  return { clear, rejections };
}

function keyOf({ quantity, observedAt, observedFrom = '' }: Reading): string {
  return `${observedFrom} ${observedAt} ${quantity}`;
}
