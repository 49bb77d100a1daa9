import type { Instant } from '#core';

/** One frame. A sensor group that the frame does not carry leaves its fields out. */
export interface DlPmRecord {
  readonly observedAt: Instant;
  /** Volt. */
  readonly batteryVoltage?: number;
  /** Mass concentrations, µg/m³. */
  readonly pm1?: number;
  readonly pm25?: number;
  readonly pm4?: number;
  readonly pm10?: number;
  /** µm. */
  readonly typicalParticleSize?: number;
  /** Number concentrations of particles up to 0.5, 1, 2.5, 4 and 10 µm, 1/cm³. */
  readonly particleNumber05?: number;
  readonly particleNumber1?: number;
  readonly particleNumber25?: number;
  readonly particleNumber4?: number;
  readonly particleNumber10?: number;
  /** °C. */
  readonly airTemperature?: number;
  /** Fraction of 1. */
  readonly relativeHumidity?: number;
  /** hPa. */
  readonly atmosphericPressure?: number;
}

/** The measured fields are named as the quantities. */
export const quantities = [
  'batteryVoltage',
  'pm1',
  'pm25',
  'pm4',
  'pm10',
  'typicalParticleSize',
  'particleNumber05',
  'particleNumber1',
  'particleNumber25',
  'particleNumber4',
  'particleNumber10',
  'airTemperature',
  'relativeHumidity',
  'atmosphericPressure',
] as const satisfies readonly (keyof DlPmRecord)[];

export const recordSchema = {
  type: 'object',
  required: ['observedAt'],
  minProperties: 2,
  additionalProperties: false,
  properties: {
    observedAt: { type: 'string', format: 'date-time' },
    ...Object.fromEntries(quantities.map((quantity) => [quantity, { type: 'number' }])),
  },
} as const;
