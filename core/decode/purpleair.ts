import type { Instant } from '../plugin.ts';
import { reject } from '../rejection.ts';
import type { Outcome } from '../result.ts';
import type { Measurement } from './fields.ts';
import { readParts, type FieldTable, type Named } from './parts.ts';

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
 * Current values of one sensor, numbers as such or as texts; averages over time and particle counts are passed over. Refuses
 * `invalid_value`, also the dust when the maker marked both of its sensors.
 */
export function readPurpleair(
  sensor: Readonly<Record<string, unknown>>,
  observedAt: Instant,
  pointer: string,
  named?: Named,
): Outcome<Measurement> {
  const isBroken = asNumber(sensor['channel_flags']) === bothDowngraded;
  const outcome = readParts([{ fields: meansOf(sensor), table: isBroken ? air : { ...dust, ...air }, pointer }], observedAt, named);
  if (isBroken) {
    const message = 'channel_flags is 3: both dust sensors are marked as out of order; expected one that works';
    outcome.rejections.push(reject('decode', 'invalid_value', message, `${pointer}/channel_flags`));
  }
  return outcome;
}

/** The whole as the maker's interface names it, and the two channels: of the interface, and of the sensor itself (outdoor calibration). */
const channels: readonly (readonly [whole: string, pairs: readonly (readonly [a: string, b: string])[]])[] = [
  [
    'pm1.0',
    [
      ['pm1.0_a', 'pm1.0_b'],
      ['pm1_0_atm', 'pm1_0_atm_b'],
    ],
  ],
  [
    'pm2.5',
    [
      ['pm2.5_a', 'pm2.5_b'],
      ['pm2_5_atm', 'pm2_5_atm_b'],
      ['pm2.5_atm', 'pm2.5_atm'],
    ],
  ],
  [
    'pm10.0',
    [
      ['pm10.0_a', 'pm10.0_b'],
      ['pm10_0_atm', 'pm10_0_atm_b'],
    ],
  ],
];

/** Where the whole is not given: the mean of both channels, or the one that is there. */
function meansOf(sensor: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const means: Record<string, unknown> = {};
  for (const [whole, pairs] of channels) {
    if (isGiven(sensor[whole])) continue;
    for (const [a, b] of pairs) {
      const values = [sensor[a], sensor[b]].filter(isGiven);
      if (values.length === 0 || means[whole] !== undefined) continue;
      const numbers = values.map(asNumber).filter((value) => Number.isFinite(value));
      means[whole] = numbers.length === values.length ? mean(numbers) : values[0];
    }
  }
  return { ...sensor, ...means };
}

/** NaN for what is neither number nor text. */
function asNumber(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function mean(numbers: readonly number[]): number {
  return Number((numbers.reduce((sum, number) => sum + number, 0) / numbers.length).toPrecision(12));
}
