import { milesightHistory, milesightNumber, readMilesight, type FrameOutcome, type MilesightChannels, type Uplink } from '#core';

/** Both models measure at most 10 m; 0 is no echo, not water at the sensor. */
const distance = milesightNumber('distance', 'uint16', 1000, [0.001, 10]);

const channels: MilesightChannels = {
  0x0382: distance,
  0x20ce: milesightHistory(distance),
  0x83e9: {
    length: 5,
    read(report) {
      const reason = 'its scale is not documented; the periodic frames carry it in mm';
      report.refuse('unsupported_unit', `the distance of an alarm (channel 83 e9) is not read: ${reason}`);
    },
  },
};

/**
 * Payload definition of the EM500-UDL: distance uint16 mm, and history entries of it. Refusals as `readMilesight`, and `unsupported_unit`
 * for the alarm channel: the vendor's documents leave its scale open.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readMilesight(uplink, channels);
}
