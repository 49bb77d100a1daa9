import { isObject, readParts, refused, reject, type Device, type FieldTable, type Measurement, type Outcome, type Uplink } from '#core';

/** Sensors of one quantity in the order of their trust; names without a sensor are those of the project's own interface. */
const sensors: Readonly<Record<string, readonly string[]>> = {
  dust: ['SPS30_', 'NPM_', 'SDS_', 'PMS_', 'HPM_', 'IPS_', ''],
  climate: ['BME280_', 'SHT3X_', 'SHT35_', 'SHT31_', 'HTU21D_', 'DHT_', 'DHT22_', 'DS18B20_', 'SCD30_', 'BMP280_', 'BMP_', ''],
};

/** The sensor does not answer. */
const unplugged = [-127, -999];

const table: FieldTable = Object.fromEntries([
  ...named('dust', 'P0', 'pm1', 'µg/m³'),
  ...named('dust', 'P2', 'pm25', 'µg/m³'),
  ...named('dust', 'P4', 'pm4', 'µg/m³'),
  ...named('dust', 'P1', 'pm10', 'µg/m³'),
  ...named('climate', 'temperature', 'airTemperature', '°C'),
  ...named('climate', 'humidity', 'relativeHumidity', '%'),
  ...named('climate', 'pressure', 'atmosphericPressure', 'Pa'),
  ['SPS30_N05', ['particleNumber05', '1/cm³']],
  ['SPS30_N1', ['particleNumber1', '1/cm³']],
  ['SPS30_N25', ['particleNumber25', '1/cm³']],
  ['SPS30_N4', ['particleNumber4', '1/cm³']],
  ['SPS30_N10', ['particleNumber10', '1/cm³']],
  ['SPS30_TS', ['typicalParticleSize', 'µm']],
  ['SCD30_co2_ppm', ['co2', 'ppm']],
  ['noise_LAeq', ['LAeq', 'dB']],
  ['noise_LA_min', ['LAmin', 'dB']],
  ['noise_LA_max', ['LAmax', 'dB']],
  ['signal', ['rssi', 'dBm']],
]);

/** Numbers of the board, and its place. */
const ofBoard = /^(?:signal|samples|min_micro|max_micro|interval|lat|lon|height|GPS_.*|.*sample_time_ms|.*_counts|hv_pulses|tube)$/;

/**
 * `[{value_type, value}]`; P1 is PM10, P2 is PM2.5, pressure is in Pa. Without any value it is the event `empty`. Refuses `invalid_value`,
 * and `unmapped_quantity` when nothing but unknown sensors speaks.
 */
export function decode(uplink: Uplink, device?: Device): Outcome<Measurement> & { readonly event?: string } {
  if (uplink.body.kind !== 'json' || !Array.isArray(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder sensor-community expected a list of sensordatavalues'));
  }
  const fields = new Map<string, unknown>();
  for (const entry of uplink.body.value as unknown[]) {
    if (isObject(entry) && typeof entry['value_type'] === 'string') fields.set(entry['value_type'], entry['value']);
  }
  const message = Object.fromEntries(fields);
  const outcome = readParts([{ fields: message, table, pointer: '' }], uplink.receivedAt, { message, device });
  // The list is not an object: a pointer into it would name nothing.
  const rejections = outcome.rejections.map(({ stage, code, message }) => reject(stage, code, message));
  const isMeasured = Object.keys(outcome.values[0]?.values ?? {}).some((quantity) => quantity !== 'rssi');
  const unknown = isMeasured ? [] : [...fields.keys()].filter((name) => !Object.hasOwn(table, name) && !ofBoard.test(name));
  if (unknown.length > 0) {
    const names = unknown.slice(0, 20).map((name) => `"${name.slice(0, 40)}"`);
    rejections.push(reject('decode', 'unmapped_quantity', `no quantity of sensor.community is known by the name ${names.join(', ')}`));
  }
  return outcome.values.length + rejections.length > 0 ? { ...outcome, rejections } : { ...outcome, event: 'empty' };
}

function named(kind: string, name: string, quantity: string, unit: string): [string, FieldTable[string]][] {
  return (sensors[kind] ?? []).map((sensor) => [
    sensor + name,
    quantity === 'airTemperature' ? [quantity, unit, unplugged] : [quantity, unit],
  ]);
}
