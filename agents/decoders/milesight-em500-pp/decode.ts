import { milesightHistory, milesightNumber, readMilesight, type FrameOutcome, type MilesightChannels, type Uplink } from '#core';

/** kPa; the models measure to 100 bar, and vacuum is −1 bar. 32767 and −1000 and below are a broken probe. */
const pressure = milesightNumber('waterPressure', 'int16', 100, [-1, 160]);

const channels: MilesightChannels = {
  0x037b: pressure,
  0x20ce: milesightHistory(pressure),
};

/** Payload definition of the EM500-PP: relative pressure int16 kPa, and history entries of it. Refusals as `readMilesight`. */
export function decode(uplink: Uplink): FrameOutcome {
  return readMilesight(uplink, channels);
}
