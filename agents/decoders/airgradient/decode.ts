import { isObject, readParts, refused, reject, versionsOf, type Device, type FieldTable, type FrameOutcome, type Uplink } from '#core';

/** What older firmware sends for a sensor that gives nothing. */
const none = [-1];
const noTemperature = [-1000, -1001];

/** Compensated temperature and humidity come first: the raw ones are those inside the case. PM2.5 is taken as the sensor gives it. */
const table: FieldTable = {
  pm01: ['pm1', 'µg/m³', none],
  pm02: ['pm25', 'µg/m³', none],
  pm02Compensated: ['pm25', 'µg/m³', none],
  pm02_corrected: ['pm25', 'µg/m³', none],
  pm10: ['pm10', 'µg/m³', none],
  rco2: ['co2', 'ppm', none],
  rco2_corrected: ['co2', 'ppm', none],
  atmpCompensated: ['airTemperature', '°C', noTemperature],
  atmp_corrected: ['airTemperature', '°C', noTemperature],
  atmp: ['airTemperature', '°C', noTemperature],
  rhumCompensated: ['relativeHumidity', '%', none],
  rhum_corrected: ['relativeHumidity', '%', none],
  rhum: ['relativeHumidity', '%', none],
  tvocIndex: ['vocIndex', 'index', none],
  tvoc_index: ['vocIndex', 'index', none],
  noxIndex: ['noxIndex', 'index', none],
  nox_index: ['noxIndex', 'index', none],
  tvoc: ['tvocFraction', 'ppb', none],
  wifi: ['rssi', 'dBm'],
};

/**
 * Measures as the monitor gives them; 0 is a measured 0. Of two channels without a whole the mean is taken. Without any measure but the
 * radio's it is the event `boot`. Refuses `invalid_value`.
 */
export function decode(uplink: Uplink, device?: Device): FrameOutcome {
  if (uplink.body.kind !== 'json' || !isObject(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder airgradient expected a JSON object of measures'));
  }
  const message = uplink.body.value;
  const outcome = readParts([{ fields: wholeOf(message), table, pointer: '' }], uplink.receivedAt, { message, device });
  const isMeasured = Object.keys(outcome.values[0]?.values ?? {}).some((quantity) => quantity !== 'rssi');
  const versions = versionsOf(uplink.body.value, { firmwareVersion: 'firmware' });
  const about = versions === undefined ? {} : { about: versions };
  return isMeasured || outcome.rejections.length > 0 ? { ...outcome, ...about } : { ...outcome, event: 'boot', ...about };
}

/** Outdoor monitors with two sensors of a kind repeat their values under `channels`; the first firmware gave no whole. */
function wholeOf(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const channels = isObject(message['channels']) ? Object.values(message['channels']).filter(isObject) : [];
  const names = new Set(channels.flatMap((channel) => Object.keys(channel)));
  const means = [...names].flatMap((name): [string, unknown][] => {
    const values = channels.flatMap((channel) => (isMeasured(channel[name]) ? [channel[name]] : []));
    return values.length === 0 ? [] : [[name, Number((values.reduce((sum, value) => sum + value, 0) / values.length).toPrecision(12))]];
  });
  return { ...Object.fromEntries(means), ...message };
}

function isMeasured(value: unknown): value is number {
  return typeof value === 'number' && !none.includes(value) && !noTemperature.includes(value);
}
