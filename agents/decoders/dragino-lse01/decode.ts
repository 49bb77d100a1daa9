import { hasLength, readFrame, type FrameOutcome, type Uplink } from '#core';

/**
 * uint16 (low 14 bits) mV, int16 0.1 °C of an optional probe, then by mode (bit 7 of the last byte): 0: uint16 0.01 % water, int16 0.01 °C,
 * uint16 µS/cm; 1: uint16 0.1 permittivity and two raw numbers. Big-endian on application port 2. Refuses `unknown_frame` for another port or
 * too many bytes, `truncated_frame`, `invalid_value`.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { view } = report;
    if (report.fPort === 5) report.event('device-information');
    else if (report.fPort !== 2) report.refuse('unknown_frame', `application port ${report.fPort} is none of an LSE01; expected 2 or 5`);
    else if (hasLength(report, 11)) {
      report.measured('batteryVoltage', (view.getUint16(0) & 0x3fff) / 1000);
      const tenths = view.getInt16(2);
      // Without a probe the bytes are 0, or 7fff after one broke off.
      if (tenths !== 0 && tenths !== 0x7fff) report.measured('probeTemperature', tenths / 10, [-55, 125]);
      if ((view.getUint8(10) & 0x80) !== 0) {
        report.measured('soilPermittivity', view.getUint16(4) / 10, [1, 100]);
        return;
      }
      report.measured('soilMoisture', view.getUint16(4) / 10_000, [0, 1]);
      report.measured('soilTemperature', view.getInt16(6) / 100, [-40, 85]);
      report.measured('conductivity', view.getUint16(8) / 10_000, [0, 2]);
    }
  });
}
