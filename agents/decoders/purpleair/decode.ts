import { isObject, readParts, refused, reject, versionsOf, type FieldTable, type FrameOutcome, type Uplink } from '#core';

/** The mean of both channels; `_a` and `_b` stand alone where there is one channel only. */
const table: FieldTable = {
  'pm1.0': ['pm1', 'µg/m³'],
  'pm1.0_a': ['pm1', 'µg/m³'],
  'pm2.5': ['pm25', 'µg/m³'],
  'pm2.5_a': ['pm25', 'µg/m³'],
  'pm10.0': ['pm10', 'µg/m³'],
  'pm10.0_a': ['pm10', 'µg/m³'],
  temperature: ['airTemperature', '°F'],
  temperature_a: ['airTemperature', '°F'],
  humidity: ['relativeHumidity', '%'],
  humidity_a: ['relativeHumidity', '%'],
  pressure: ['atmosphericPressure', 'hPa'],
  pressure_a: ['atmosphericPressure', 'hPa'],
  rssi: ['rssi', 'dBm'],
};

/** Current values of one sensor; averages over time and particle counts are passed over. Without any it is the event `empty`. */
export function decode(uplink: Uplink): FrameOutcome {
  if (uplink.body.kind !== 'json' || !isObject(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder purpleair expected a JSON object of values'));
  }
  const outcome = readParts([{ fields: uplink.body.value, table, pointer: '/sensor' }], uplink.receivedAt);
  if (outcome.values.length + outcome.rejections.length === 0) return { ...outcome, event: 'empty' };
  const about = versionsOf(uplink.body.value, { firmwareVersion: 'firmware_version' });
  return about === undefined ? outcome : { ...outcome, about };
}
