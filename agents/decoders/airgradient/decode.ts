import { isObject, readParts, refused, reject, versionsOf, type FieldTable, type FrameOutcome, type Uplink } from '#core';

/** Compensated temperature and humidity come first: the raw ones are those inside the case. PM2.5 is taken as the sensor gives it. */
const table: FieldTable = {
  pm01: ['pm1', 'µg/m³'],
  pm02: ['pm25', 'µg/m³'],
  pm10: ['pm10', 'µg/m³'],
  rco2: ['co2', 'ppm'],
  atmpCompensated: ['airTemperature', '°C'],
  atmp: ['airTemperature', '°C'],
  rhumCompensated: ['relativeHumidity', '%'],
  rhum: ['relativeHumidity', '%'],
  tvocIndex: ['vocIndex', 'index'],
  noxIndex: ['noxIndex', 'index'],
  wifi: ['rssi', 'dBm'],
};

/** Measures as the monitor gives them; 0 is a measured 0. Without any but the radio's it is the event `boot`. */
export function decode(uplink: Uplink): FrameOutcome {
  if (uplink.body.kind !== 'json' || !isObject(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder airgradient expected a JSON object of measures'));
  }
  const outcome = readParts([{ fields: uplink.body.value, table, pointer: '' }], uplink.receivedAt);
  const isMeasured = Object.keys(outcome.values[0]?.values ?? {}).some((quantity) => quantity !== 'rssi');
  const versions = versionsOf(uplink.body.value, { firmwareVersion: 'firmware' });
  const about = versions === undefined ? {} : { about: versions };
  return isMeasured || outcome.rejections.length > 0 ? { ...outcome, ...about } : { ...outcome, event: 'boot', ...about };
}
