import { headerOf, readFrame, readFrameFields, type FrameOutcome, type Uplink } from '#core';

import { channels } from './channels.ts';

const port = { measurements: 10, settings: [100, 101] };

/**
 * Channel, type and value in a row, big-endian, on application port 10; ports 100 and 101 answer to settings. Refuses as `readFrameFields`,
 * `unknown_frame` for another port, and `invalid_value`.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { fPort, view } = report;
    if (port.settings.includes(fPort)) report.event('configuration');
    else if (fPort !== port.measurements)
      report.refuse('unknown_frame', `application port ${fPort} is none of a Kiwi; expected 10, 100 or 101`);
    else {
      readFrameFields(report, {
        headerBytes: 2,
        fieldAt: (offset) => channels[view.getUint16(offset)],
        nameAt: (offset) => `channel ${headerOf(view, offset, 2)}`,
      });
    }
  });
}
