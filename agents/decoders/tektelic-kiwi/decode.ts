import { readFrame, type FrameOutcome, type Uplink } from '#core';

import { channels } from './channels.ts';

/**
 * Channel, type and value in a row, big-endian, on application port 10; port 100 answers to settings and 5 tells versions. Refuses
 * `unknown_frame` for another port and for what follows an unknown channel, `truncated_frame` (the whole frame), `invalid_value`.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { length, view } = report;
    if (report.fPort === 100 || report.fPort === 101) {
      report.event('configuration');
      return;
    }
    if (report.fPort !== 10) {
      report.refuse('unknown_frame', `application port ${report.fPort} is none of a Kiwi; expected 10, 100 or 101`);
      return;
    }
    const found: (() => void)[] = [];
    for (let i = 0; i < length;) {
      const key = i + 2 <= length ? view.getUint16(i) : undefined;
      const known = key === undefined ? undefined : channels[key];
      const start = i + 2;
      if (key === undefined || (known !== undefined && start + known.length > length)) {
        report.refuse('truncated_frame', `the frame of ${length} bytes ends within the channel at byte ${i}`);
        return;
      }
      if (known === undefined) {
        report.refuse('unknown_frame', `channel 0x${key.toString(16).padStart(4, '0')} at byte ${i} is not one of a Kiwi`);
        break;
      }
      found.push(() => known.read(report, start));
      i = start + known.length;
    }
    for (const read of found) read();
  });
}
