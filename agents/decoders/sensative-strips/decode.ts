import { deviceInstant, readFrame, type FrameOutcome, type FrameReport, type Instant, type Uplink } from '#core';

import { reports } from './reports.ts';

/** No strip keeps entries older than this. */
const longestAge = 366 * 24 * 3600;

/**
 * Application port 1: uint16 position in the log, then reports (channel, value); 2: uint16 position, then entries (uint32 age in seconds,
 * channel, value), which count at their own moment; 11: answers to settings (`configuration`). Big-endian. Refuses `unknown_frame` for another
 * port and for what follows an unknown channel, `truncated_frame` (the whole frame), `invalid_value`, `invalid_time`.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    if (report.fPort === 1) readReports(report, 0);
    else if (report.fPort === 2) readReports(report, 4);
    else if (report.fPort === 11) report.event('configuration');
    else report.refuse('unknown_frame', `application port ${report.fPort} is none of Sensative Strips; expected 1, 2 or 11`);
  });
}

/** Before each report of the log stand `ageBytes` with its age. */
function readReports(report: FrameReport, ageBytes: number): void {
  const { view, length } = report;
  const found: (() => void)[] = [];
  let i = 2;
  while (i < length) {
    const start = i + ageBytes + 1;
    const channel = start <= length ? view.getUint8(start - 1) & 0x7f : undefined;
    const known = channel === undefined ? undefined : reports[channel];
    if (channel === undefined || (known !== undefined && start + known.length > length)) {
      report.refuse('truncated_frame', `the frame of ${length} bytes ends within the report at byte ${i}`);
      return;
    }
    if (known === undefined) {
      report.refuse('unknown_frame', `channel ${channel} at byte ${i} is not one of Sensative Strips`);
      break;
    }
    const age = ageBytes === 0 ? 0 : view.getUint32(i);
    found.push(() => {
      const at = momentOf(report, age);
      if (at === undefined) report.refuse('invalid_time', `an entry is ${age} s old; expected at most ${longestAge}`);
      else known.read(report, start, at);
    });
    i = start + known.length;
  }
  if (length < 2) report.refuse('truncated_frame', 'the frame has 1 byte; expected at least the position in the log');
  for (const read of found) read();
  report.event('empty');
}

function momentOf(report: FrameReport, age: number): Instant | undefined {
  if (age === 0) return report.receivedAt;
  return age > longestAge ? undefined : deviceInstant(Date.parse(report.receivedAt) - age * 1000);
}
