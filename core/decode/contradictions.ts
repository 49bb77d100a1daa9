import type { Reading } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';

/**
 * Readings of which an entity can say only one: a quantity that the device gave for one moment with different values (two probes, two
 * channels) is left out of the map, with a reason. An exact repeat counts once.
 */
export function withoutContradictions(readings: readonly Reading[]): {
  readonly clear: readonly Reading[];
  readonly rejections: readonly Rejection[];
} {
  if (!hasTwins(readings)) return { clear: readings, rejections: none };
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

const none: readonly Rejection[] = [];

/** Whether a quantity is given twice for one moment; long messages are looked through in the long way. */
function hasTwins(readings: readonly Reading[]): boolean {
  if (readings.length > 40) return true;
  for (let i = 1; i < readings.length; i++) {
    for (let j = 0; j < i; j++) {
      const one = readings[i];
      const other = readings[j];
      if (one?.quantity === other?.quantity && one?.observedAt === other?.observedAt && one?.observedFrom === other?.observedFrom)
        return true;
    }
  }
  return false;
}

function keyOf({ quantity, observedAt, observedFrom = '' }: Reading): string {
  return `${observedFrom} ${observedAt} ${quantity}`;
}
