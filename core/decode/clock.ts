import type { Device, Instant, Reading } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';

/** Clocks of devices and servers differ a little; more than this is a wrong clock. */
export const toleratedAheadMs = 5 * 60_000;

export interface Timed {
  readonly readings: readonly Reading[];
  readonly rejections: readonly Rejection[];
  /** The readings were moved to the time of arrival. */
  readonly isRestamped: boolean;
}

const none: readonly Rejection[] = [];

/**
 * Holds the stamps of one uplink's readings against its arrival and the installation of its device. Readings with a wrong stamp are
 * refused (`future_time`, `before_installation`); of a device with `wrongClock: restamp` all readings of the uplink are moved by the same
 * time, so that the newest was measured when the uplink came and the distances between them stay. `latest`: later than the arrival, when our
 * clock is behind.
 */
export function timed(readings: readonly Reading[], device: Device, receivedAt: Instant, latest = receivedAt): Timed {
  let isFine = true;
  for (const { observedAt } of readings) {
    // Instants have one form, so that texts compare as moments do; most stamps need no more than that.
    if (observedAt > receivedAt || (device.installedAt !== undefined && observedAt < device.installedAt)) isFine = false;
  }
  if (isFine) return { readings, rejections: none, isRestamped: false };
  const isAhead = ({ observedAt }: Reading): boolean =>
    observedAt > latest && Date.parse(observedAt) > Date.parse(latest) + toleratedAheadMs;
  const isBefore = ({ observedAt }: Reading): boolean => device.installedAt !== undefined && observedAt < device.installedAt;
  const wrong = readings.filter((reading) => isAhead(reading) || isBefore(reading));
  const [first] = wrong;
  if (first === undefined) return { readings, rejections: none, isRestamped: false };
  if (device.wrongClock === 'restamp') return { readings: moved(readings, receivedAt), rejections: [], isRestamped: true };
  const stamps = [...new Set(wrong.map(({ observedAt }) => observedAt))];
  const more = stamps.length === 1 ? '' : ` and ${stamps.length - 1} more moments`;
  const rejection = isAhead(first)
    ? reject(
        'decode',
        'future_time',
        `device "${device.id}" stamped ${first.observedAt}${more}, more than 5 minutes after it came (${receivedAt}); check its clock`,
      )
    : reject(
        'decode',
        'before_installation',
        `device "${device.id}" stamped ${first.observedAt}${more}, before it was installed (${device.installedAt}); check its clock`,
      );
  return { readings: readings.filter((reading) => !wrong.includes(reading)), rejections: [rejection], isRestamped: false };
}

/** The network's clock, save where it is further ahead of our own than clocks differ: then it is wrong itself, and nothing is held against it. */
export function arrivalOf(network: Instant, ours: Instant): Instant {
  return network > ours && Date.parse(network) > Date.parse(ours) + toleratedAheadMs ? ours : network;
}

function moved(readings: readonly Reading[], receivedAt: Instant): Reading[] {
  const newest = Math.max(...readings.map(({ observedAt }) => Date.parse(observedAt)));
  const shift = Date.parse(receivedAt) - newest;
  const later = (moment: Instant): Instant => new Date(Date.parse(moment) + shift).toISOString();
  return readings.map((reading) => ({
    ...reading,
    observedAt: later(reading.observedAt),
    ...(reading.observedFrom === undefined ? {} : { observedFrom: later(reading.observedFrom) }),
  }));
}
