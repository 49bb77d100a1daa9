import { deviceClock, type FrameReport } from '#core';

import { readStatus } from './alarms.ts';

const hour = 3600;
/** A log begins at most two days before the message. */
const longest = 48 * hour;

/**
 * Log of an extended frame: where the temperature stands, it begins two bytes later. False for bytes that are no such frame: neither the
 * time of the log nor that of the register makes sense.
 */
export function readLog(report: FrameReport): boolean {
  const { length, view } = report;
  const now = view.getUint32(0, true);
  const start = [9, 11].find((offset) => {
    const begin = offset + 8 <= length ? view.getUint32(offset, true) : Infinity;
    return begin <= now + hour && now - begin <= longest;
  });
  if (start === undefined) {
    const isClockRight = deviceClock(now, report.receivedAt) !== undefined;
    if (isClockRight) report.refuse('invalid_time', 'the log has no time that fits the clock of the meter');
    else report.refuse('unknown_frame', `neither the register (${now}) nor the log has a time that makes sense`);
    return isClockRight;
  }
  if (start === 11) {
    const at = deviceClock(now, report.receivedAt) ?? report.receivedAt;
    report.measured('waterTemperature', view.getInt16(9, true) / 100, [-20, 130], at);
  }
  const deltas: number[] = [];
  for (let i = start + 8; i + 2 <= length; i += 2) deltas.push(view.getUint16(i, true));
  takeLog(report, view.getUint32(start, true), view.getUint32(start + 4, true), deltas, { now, register: view.getUint32(5, true) });
  return true;
}

/** A day's log: volume at 01:00 of the day before the message, then 23 increments of 14 bits, the lowest bits first, and a multiplier of 6 bits. */
export function readDay(report: FrameReport): void {
  const { view } = report;
  const now = view.getUint32(1, true);
  const at = deviceClock(now, report.receivedAt);
  readStatus(report, view.getUint8(5), at ?? report.receivedAt);
  const multiplier = bits(view, 10 * 8 + 23 * 14, 6);
  if (multiplier !== 0) {
    report.refuse('unsupported_unit', `the log of a day has the multiplier ${multiplier}; only litres (0) are documented`);
    return;
  }
  const deltas: number[] = [];
  for (let entry = 0; entry < 23; entry++) deltas.push(bits(view, 10 * 8 + entry * 14, 14));
  const midnight = now - (now % (24 * hour));
  takeLog(report, midnight - 23 * hour, view.getUint32(6, true), deltas, { now });
}

/** Entries an hour apart. Nothing of a log counts that another interval would make wrong, or whose clock cannot be trusted. */
function takeLog(
  report: FrameReport,
  begin: number,
  volume: number,
  deltas: readonly number[],
  limit: { readonly now: number; readonly register?: number },
): void {
  if (deviceClock(limit.now, report.receivedAt) === undefined) {
    report.refuse('invalid_time', `the log is stamped ${begin}; the clock of the meter is not set or runs ahead`);
    return;
  }
  const entries = [{ seconds: begin, litres: volume }];
  for (const delta of deltas) {
    const last = entries.at(-1) ?? { seconds: begin, litres: volume };
    entries.push({ seconds: last.seconds + hour, litres: last.litres + delta });
  }
  const end = entries.at(-1) ?? { seconds: begin, litres: volume };
  if (end.seconds > limit.now + hour || (limit.register !== undefined && end.litres > limit.register)) {
    report.refuse(
      'invalid_value',
      `the log ends at ${end.litres} l and ${end.seconds}, beyond the register; it was set to another interval`,
    );
    return;
  }
  for (const { seconds, litres } of entries) {
    // The register is newer than an entry of the same moment.
    if (limit.register !== undefined && seconds >= limit.now) continue;
    const at = report.clock(seconds);
    if (at !== undefined) report.measured('waterVolume', litres, undefined, at);
  }
}

function bits(view: DataView, from: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value |= ((view.getUint8((from + i) >> 3) >> ((from + i) & 7)) & 1) << i;
  return value;
}
