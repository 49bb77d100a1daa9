import {
  milesightHistory,
  milesightHumidity,
  milesightNumber,
  milesightTemperature,
  readMilesight,
  type FrameField,
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

/** Bytes of a gas of which the entry of an AM319 does not say whether it is formaldehyde or ozone. */
const gas = 2;

/** An entry; the AM319 writes the same and its gas behind it: two bytes before the next entry or the end. */
function history(voc: FrameField): FrameField {
  const entry = milesightHistory(milesightTemperature, historyHumidity, presence, light, co2, voc, pressure, pm25, pm10);
  const isEnd = (view: DataView, at: number): boolean =>
    at === view.byteLength || (at + 2 <= view.byteLength && [0x20ce, 0x21ce].includes(view.getUint16(at)));
  const hasGas = (view: DataView, offset: number): boolean =>
    !isEnd(view, offset + entry.length) && isEnd(view, offset + entry.length + gas);
  return {
    length: entry.length,
    lengthAt: (view, offset) => entry.length + (hasGas(view, offset) ? gas : 0),
    read(report, offset, at) {
      entry.read?.(report, offset, at);
      if (hasGas(report.view, offset))
        report.refuse('unmapped_quantity', 'a stored entry ends in a gas of which it does not say which one it is');
    },
  };
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
