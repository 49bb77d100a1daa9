import { isObject, readParts, refused, reject, type FieldTable, type Measurement, type Outcome, type Uplink } from '#core';

/** Sensors of one quantity in the order of their trust; names without a sensor are those of the project's own interface. */
const sensors: Readonly<Record<string, readonly string[]>> = {
  dust: ['SPS30_', 'NPM_', 'SDS_', 'PMS_', 'HPM_', 'IPS_', ''],
  climate: ['BME280_', 'SHT3X_', 'SHT35_', 'SHT31_', 'HTU21D_', 'DHT_', 'DHT22_', 'DS18B20_', 'BMP280_', 'BMP_', ''],
};

const table: FieldTable = Object.fromEntries([
  ...named('dust', 'P0', 'pm1', 'µg/m³'),
  ...named('dust', 'P2', 'pm25', 'µg/m³'),
  ...named('dust', 'P4', 'pm4', 'µg/m³'),
  ...named('dust', 'P1', 'pm10', 'µg/m³'),
  ...named('climate', 'temperature', 'airTemperature', '°C'),
  ...named('climate', 'humidity', 'relativeHumidity', '%'),
  ...named('climate', 'pressure', 'atmosphericPressure', 'Pa'),
  ['SCD30_co2_ppm', ['co2', 'ppm']],
  ['noise_LAeq', ['LAeq', 'dB']],
  ['noise_LA_min', ['LAmin', 'dB']],
  ['noise_LA_max', ['LAmax', 'dB']],
  ['signal', ['rssi', 'dBm']],
]);

/** `[{value_type, value}]`; P1 is PM10, P2 is PM2.5, pressure is in Pa. Without any value it is the event `empty`. */
export function decode(uplink: Uplink): Outcome<Measurement> & { readonly event?: string } {
  if (uplink.body.kind !== 'json' || !Array.isArray(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder sensor-community expected a list of sensordatavalues'));
  }
  const fields = new Map<string, unknown>();
  for (const entry of uplink.body.value as unknown[]) {
    if (isObject(entry) && typeof entry['value_type'] === 'string') fields.set(entry['value_type'], entry['value']);
  }
  const outcome = readParts([{ fields: Object.fromEntries(fields), table, pointer: '' }], uplink.receivedAt);
  // The list is not an object: a pointer into it would name nothing.
  const rejections = outcome.rejections.map(({ stage, code, message }) => reject(stage, code, message));
  return outcome.values.length + rejections.length > 0 ? { ...outcome, rejections } : { ...outcome, event: 'empty' };
}

function named(kind: string, name: string, quantity: string, unit: string): [string, readonly [string, string]][] {
  return (sensors[kind] ?? []).map((sensor) => [sensor + name, [quantity, unit]]);
}
