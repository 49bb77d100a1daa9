import { eventField, headerOf, readFrame, readFrameFields, type FrameOutcome, type Uplink } from '#core';

import { types } from './types.ts';

const settings = 0x3e;

/**
 * Type and value in a row, big-endian. A frame of settings is the event `configuration`. Refuses as `readFrameFields`, and `invalid_value`.
 * The application port may be changed by the owner and is not checked.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { length, view } = report;
    readFrameFields(report, {
      headerBytes: 1,
      fieldAt(offset) {
        const type = view.getUint8(offset);
        // Settings fill the rest of the frame.
        return type === settings ? eventField(length - offset - 1, 'configuration') : types[type];
      },
      nameAt: (offset) => `type ${headerOf(view, offset, 1)}`,
    });
  });
}
