import {
  milesightHistory,
  milesightHumidity,
  milesightNumber,
  milesightTemperature,
  readMilesight,
  type FrameOutcome,
  type MilesightChannels,
  type Uplink,
} from '#core';

const presence = milesightNumber('presence', 'uint8', 1, [0, 1]);
const light = milesightNumber('lightLevel', 'uint8', 1, [0, 5]);
const co2 = milesightNumber('co2', 'uint16', 1, [300, 10_000]);
// The vendor's own scale, a hundredth of its indoor air quality rating; devices set to µg/m³ use another channel.
const vocIndex = milesightNumber('vocIndex', 'uint16', 1, [0, 500]);
const tvoc = milesightNumber('tvoc', 'uint16', 1, [0, 60_000]);
const pressure = milesightNumber('atmosphericPressure', 'uint16', 10, [260, 1260]);
const pm25 = milesightNumber('pm25', 'uint16', 1, [0, 5000]);
const pm10 = milesightNumber('pm10', 'uint16', 1, [0, 5000]);
const hcho = milesightNumber('hcho', 'uint16', 100, [0, 10]);
/** µg/m³ of one ppm of ozone at 20 °C and 1013 hPa, at which air quality is reported in the EU. */
const ozoneMass = 1995.7;
const o3 = milesightNumber('o3', 'uint16', 100 / ozoneMass, [0, 10 * ozoneMass]);
const historyHumidity = milesightNumber('relativeHumidity', 'uint16', 200, [0, 1]);

function history(voc: typeof tvoc): typeof tvoc {
  return milesightHistory(milesightTemperature, historyHumidity, presence, light, co2, voc, pressure, pm25, pm10);
}

const channels: MilesightChannels = {
  0x0367: milesightTemperature,
  0x0468: milesightHumidity,
  0x0500: presence,
  0x06cb: light,
  0x077d: co2,
  0x087d: vocIndex,
  0x08e6: tvoc,
  0x0973: pressure,
  0x0a7d: hcho,
  0x0b7d: pm25,
  0x0c7d: pm10,
  0x0d7d: o3,
  // The buzzer says nothing of the room.
  0x0e01: { length: 1, read: (report) => report.event('buzzer') },
  0x20ce: history(vocIndex),
  0x21ce: history(tvoc),
};

/** Payload definition of the AM308: what it measures, and history entries of the same. Refusals as `readMilesight`. */
export function decode(uplink: Uplink): FrameOutcome {
  return readMilesight(uplink, channels);
}
