import type { FieldTable } from './parts.ts';

/** Sensors of one quantity in the order of their trust; names without a sensor are those of the project's own interface. */
const sensors: Readonly<Record<string, readonly string[]>> = {
  dust: ['SPS30_', 'NPM_', 'SDS_', 'PMS_', 'HPM_', 'IPS_', ''],
  climate: ['BME280_', 'SHT3X_', 'SHT35_', 'SHT31_', 'HTU21D_', 'DHT_', 'DHT22_', 'DS18B20_', 'SCD30_', 'BMP280_', 'BMP_', ''],
};

/** The sensor does not answer. */
const unplugged = [-127, -999];

/** Names of values at sensor.community, in what stations push and in the archive: P1 is PM10, P2 is PM2.5, pressure is in Pa. */
export const sensorCommunityTable: FieldTable = Object.fromEntries([
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

function named(kind: string, name: string, quantity: string, unit: string): [string, FieldTable[string]][] {
  return (sensors[kind] ?? []).map((sensor) => [
    sensor + name,
    quantity === 'airTemperature' ? [quantity, unit, unplugged] : [quantity, unit],
  ]);
}
