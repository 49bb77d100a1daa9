import {
  milesightHistory,
  milesightHumidity,
  milesightTemperature,
  readMilesight,
  type FrameOutcome,
  type MilesightChannels,
  type Uplink,
} from '#core';

const channels: MilesightChannels = {
  0x0367: milesightTemperature,
  0x0468: milesightHumidity,
  0x20ce: milesightHistory(milesightTemperature, milesightHumidity, { length: 1 }),
};

/** Payload definition of the EM300-TH: temperature, humidity, and history entries of both (a reserved byte ends them). Refusals as `readMilesight`. */
export function decode(uplink: Uplink): FrameOutcome {
  return readMilesight(uplink, channels);
}
