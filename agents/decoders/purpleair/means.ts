type Json = Readonly<Record<string, unknown>>;

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
export function meansOf(sensor: Json): Json {
  const means: Record<string, unknown> = {};
  for (const [whole, pairs] of channels) {
    if (sensor[whole] !== undefined && sensor[whole] !== null) continue;
    for (const [a, b] of pairs) {
      const values = [sensor[a], sensor[b]].filter((value) => value !== undefined && value !== null && value !== '');
      if (values.length === 0 || means[whole] !== undefined) continue;
      const numbers = values.filter((value) => typeof value === 'number');
      means[whole] = numbers.length === values.length ? mean(numbers) : values[0];
    }
  }
  return { ...sensor, ...means };
}

function mean(numbers: readonly number[]): number {
  return Number((numbers.reduce((sum, number) => sum + number, 0) / numbers.length).toPrecision(12));
}
