import { isObject, readParts, refused, reject, versionsOf, type Device, type FieldTable, type FrameOutcome, type Uplink } from '#core';

import { meansOf } from './means.ts';

/** Names of the maker's interface first, then those of the sensor itself. */
const air: FieldTable = {
  temperature: ['airTemperature', '°F'],
  temperature_a: ['airTemperature', '°F'],
  current_temp_f: ['airTemperature', '°F'],
  humidity: ['relativeHumidity', '%'],
  humidity_a: ['relativeHumidity', '%'],
  current_humidity: ['relativeHumidity', '%'],
  current_dewpoint_f: ['dewPoint', '°F'],
  pressure: ['atmosphericPressure', 'hPa'],
  pressure_a: ['atmosphericPressure', 'hPa'],
  rssi: ['rssi', 'dBm'],
};
const dust: FieldTable = {
  'pm1.0': ['pm1', 'µg/m³'],
  'pm2.5': ['pm25', 'µg/m³'],
  'pm10.0': ['pm10', 'µg/m³'],
};
/** `channel_flags`: both dust sensors are out of order. */
const bothDowngraded = 3;

/**
 * Current values of one sensor; averages over time and particle counts are passed over. Without any it is the event `empty`. Refuses
 * `invalid_value`, also the dust when the maker marked both of its sensors.
 */
export function decode(uplink: Uplink, device?: Device): FrameOutcome {
  if (uplink.body.kind !== 'json' || !isObject(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder purpleair expected a JSON object of values'));
  }
  const message = uplink.body.value;
  const isBroken = message['channel_flags'] === bothDowngraded;
  const table = isBroken ? air : { ...dust, ...air };
  const outcome = readParts([{ fields: meansOf(message), table, pointer: '/sensor' }], uplink.receivedAt, { message, device });
  if (isBroken) {
    const message = 'channel_flags is 3: both dust sensors are marked as out of order; expected one that works';
    outcome.rejections.push(reject('decode', 'invalid_value', message, '/sensor/channel_flags'));
  }
  if (outcome.values.length + outcome.rejections.length === 0) return { ...outcome, event: 'empty' };
  const about = versionsOf(message, { firmwareVersion: 'firmware_version' });
  return about === undefined ? outcome : { ...outcome, about };
}
