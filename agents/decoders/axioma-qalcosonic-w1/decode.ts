import { deviceClock, readFrame, type FrameOutcome, type FrameReport, type Uplink } from '#core';

import { readAlarms, readStatus } from './alarms.ts';
import { readDay, readLog } from './log.ts';

/** Bytes of an alarm message, of a status without log, and of a day's log ("enhanced"; some meters add a byte). */
const alarm = 5;
const status = 9;
const day = { least: 51, most: 52 };
/** Log of up to 15 hours ("extended"), with or without temperature. */
const log = { least: 17, most: 48 };

const port = 100;

/**
 * Little-endian on application port 100; the length says which message it is. Times are Unix seconds of the meter's clock, volumes uint32
 * litres. Refuses `unknown_frame` for another port or length, `invalid_time` for a log whose clock cannot be trusted, `invalid_value` for a
 * status that is not documented or a log that runs beyond the register.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { length, view } = report;
    if (report.fPort === 103) report.event('configuration');
    else if (report.fPort !== port)
      report.refuse('unknown_frame', `application port ${report.fPort} is none of a Qalcosonic W1; expected ${port}`);
    else if (length === alarm) readAlarms(report, view.getUint8(4), momentOf(report, 0));
    else if (length === status) readRegister(report);
    else if (length >= day.least && length <= day.most) {
      const version = view.getUint8(0);
      if (version === 1) readDay(report);
      else report.refuse('unknown_frame', `the frame of a day is of version ${version}; expected 1`);
    } else if (length >= log.least && length <= log.most) {
      if (readLog(report)) readRegister(report);
    } else {
      const code = length < day.least ? 'truncated_frame' : 'unknown_frame';
      report.refuse(code, `the frame has ${length} bytes; expected ${alarm}, ${status}, ${log.least} to ${log.most}, or ${day.least}`);
    }
  });
}

function readRegister(report: FrameReport): void {
  const at = momentOf(report, 0);
  readStatus(report, report.view.getUint8(4), at);
  report.measured('waterVolume', report.view.getUint32(5, true), undefined, at);
}

/** A meter whose clock is wrong still says how much water has run until now. */
function momentOf(report: FrameReport, offset: number): string {
  return deviceClock(report.view.getUint32(offset, true), report.receivedAt) ?? report.receivedAt;
}
