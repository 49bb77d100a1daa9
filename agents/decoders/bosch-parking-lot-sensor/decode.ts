import { hasLength, readFrame, type FrameOutcome, type FrameReport, type Uplink } from '#core';

/** What a sensor in the asphalt may measure. */
const temperatures = [-60, 90] as const;

/**
 * The kind of message is the application port: 1 parking status and 2 heartbeat (uint8 state, int8 °C where it is switched on), 3 start (10
 * bytes of debug, two spare, firmware, cause, state), 7 temperature alert (int8); 4 information, 5 usage and 6 debug are events.
 * Refuses `unknown_frame` for another port, `truncated_frame`, and `invalid_value` for a state that is neither free nor occupied.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { fPort, view } = report;
    if (fPort === 1 || fPort === 2) {
      if (report.length !== 1 && !hasLength(report, 2)) return;
      readState(report, view.getUint8(0));
      if (report.length === 2) report.measured('airTemperature', view.getInt8(1), temperatures);
    } else if (fPort === 3) {
      if (hasLength(report, 17)) readState(report, view.getUint8(16) & 1);
    } else if (fPort === 7) {
      if (hasLength(report, 1)) report.measured('airTemperature', view.getInt8(0), temperatures);
    } else {
      const event = events[fPort];
      if (event === undefined) report.refuse('unknown_frame', `application port ${fPort} is none of a parking lot sensor`);
      else report.event(event);
    }
  });
}

const events: Readonly<Record<number, string>> = { 4: 'device-information', 5: 'device-usage', 6: 'debug' };

function readState(report: FrameReport, state: number): void {
  report.measured('occupied', state, [0, 1]);
}
