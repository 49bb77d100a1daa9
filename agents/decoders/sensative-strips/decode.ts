import { deviceInstant, readFrame, readFrameFields, type FrameField, type FrameOutcome, type FrameReport, type Uplink } from '#core';

import { reports } from './reports.ts';

/** Bytes of the position in the log, which every frame begins with. */
const positionBytes = 2;

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
  const { view } = report;
  if (report.length < positionBytes) {
    report.refuse('truncated_frame', `the frame has ${report.length} byte; expected at least the position in the log`);
    return;
  }
  readFrameFields(report, {
    start: positionBytes,
    headerBytes: ageBytes + 1,
    fieldAt(offset) {
      // The highest bit says that the report is in the log too.
      const field = reports[view.getUint8(offset + ageBytes) & 0x7f];
      return field === undefined || ageBytes === 0 ? field : stored(field, view.getUint32(offset));
    },
    nameAt: (offset) => `channel ${view.getUint8(offset + ageBytes) & 0x7f}`,
  });
  report.event('empty');
}

/** An entry of the log, measured `age` seconds before the uplink. */
function stored(field: FrameField, age: number): FrameField {
  return {
    length: field.length,
    read(report, offset) {
      const at = age > longestAge ? undefined : deviceInstant(Date.parse(report.receivedAt) - age * 1000);
      if (at === undefined) report.refuse('invalid_time', `an entry is ${age} s old; expected at most ${longestAge}`);
      else field.read?.(report, offset, at);
    },
  };
}
