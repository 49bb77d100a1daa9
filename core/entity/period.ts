import type { Device, Instant, Reading } from '../plugin.ts';
import { dateTime, property } from './build.ts';
import type { Entity } from './entity.ts';

/**
 * Start of the period over which the readings of one moment were counted or averaged: what the device says, else the registry's `period`
 * before the moment. Undefined when neither says it.
 */
export function periodStart(readings: readonly Reading[], observedAt: Instant, { period }: Device): Instant | undefined {
  const [stated] = readings.flatMap(({ observedFrom }) => observedFrom ?? []).sort();
  if (stated !== undefined && stated <= observedAt) return stated;
  return period === undefined ? undefined : new Date(Date.parse(observedAt) - period * 1000).toISOString();
}

/**
 * `dateObserved` as the interval `from/to`, with `dateObservedFrom` and `dateObservedTo`; without `from` the moment alone. A period belongs
 * to the values of its moment and says so, or values that arrive late would go to history without it.
 */
export function observedPeriod(from: Instant | undefined, to: Instant): Partial<Entity> {
  if (from === undefined) return { dateObserved: property(to) };
  return {
    dateObserved: property(from === to ? to : `${from}/${to}`, to),
    dateObservedFrom: { ...dateTime(from), observedAt: to },
    dateObservedTo: { ...dateTime(to), observedAt: to },
  };
}
