import {
  milesightNumber,
  milesightPosition,
  milesightTemperature,
  readMilesight,
  type FrameOutcome,
  type MilesightChannels,
  type Uplink,
} from '#core';

/** Measures to 3.5 m; 0 is no echo. */
const distance = milesightNumber('distance', 'uint16', 1000, [0.001, 4.5]);

const channels: MilesightChannels = {
  0x0367: milesightTemperature,
  0x0482: distance,
  0x0500: milesightPosition,
  // Place of the NB-IoT model; the registry says where the device stands.
  0x0688: { length: 9, read: (report) => report.event('location') },
  // Value and a byte that says whether an alarm begins or ends.
  0x8367: { ...milesightTemperature, length: 3 },
  0x8482: { ...distance, length: 3 },
};

/** Payload definition of the EM400-TLD. Refusals as `readMilesight`. */
export function decode(uplink: Uplink): FrameOutcome {
  return readMilesight(uplink, channels);
}
