import { hasLength, readFrame, type FrameOutcome, type Uplink } from '#core';

/** mm that are codes and not distances (user manual, "Distance"). */
const codes: Readonly<Record<number, string>> = { 0: 'no ultrasonic sensor is connected', 20: 'the reading is invalid' };

/** Metres; beyond the model's reach nothing comes back. */
const reach = [0.021, 8] as const;

const probe = [-55, 125] as const;

/**
 * uint16 (low 14 bits) mV, uint16 mm, uint8 interrupt, int16 0.1 °C of an external probe, uint8 whether a sensor was found; big-endian on
 * application port 2. Refuses `unknown_frame` for another port or too many bytes, `truncated_frame`, `invalid_value` for the distance codes.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { view } = report;
    if (report.fPort === 5) report.event('device-information');
    else if (report.fPort !== 2) report.refuse('unknown_frame', `application port ${report.fPort} is none of an LDDS75; expected 2 or 5`);
    else if (hasLength(report, 8)) {
      report.measured('batteryVoltage', (view.getUint16(0) & 0x3fff) / 1000);
      const millimetres = view.getUint16(2);
      const isConnected = view.getUint8(7) !== 0;
      const cause = isConnected ? codes[millimetres] : codes[0];
      if (cause === undefined) report.measured('distance', millimetres / 1000, reach);
      else report.refuse('invalid_value', `there is no distance: ${cause}`);
      const tenths = view.getInt16(5);
      // Without a probe the bytes are 0, or 7fff after one broke off.
      if (tenths !== 0 && tenths !== 0x7fff) report.measured('probeTemperature', tenths / 10, probe);
    }
  });
}
