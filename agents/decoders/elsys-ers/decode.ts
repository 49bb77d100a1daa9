import { readFrame, type FrameOutcome, type Uplink } from '#core';

import { types } from './types.ts';

const settings = 0x3e;

/**
 * Type and value in a row, big-endian. Refuses `truncated_frame` (the whole frame), `unknown_frame` (what follows an unknown type) and
 * `invalid_value`. A frame of settings is the event `configuration`. The application port may be changed by the owner and is not checked.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { length, view } = report;
    const found: (() => void)[] = [];
    for (let i = 0; i < length;) {
      const type = view.getUint8(i);
      // Settings fill the rest of the frame.
      if (type === settings) {
        report.event('configuration');
        break;
      }
      const known = types[type];
      if (known === undefined) {
        report.refuse('unknown_frame', `type 0x${type.toString(16).padStart(2, '0')} at byte ${i} is not one of the Elsys payload`);
        break;
      }
      const start = i + 1;
      if (start + known.length > length) {
        report.refuse('truncated_frame', `the frame of ${length} bytes ends within the type at byte ${i}`);
        return;
      }
      found.push(() => known.read(report, start));
      i = start + known.length;
    }
    for (const read of found) read();
  });
}
