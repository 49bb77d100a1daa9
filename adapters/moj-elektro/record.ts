import type { Instant, ValueStatus } from '#core';

/** Where a reading type goes. `factor` makes its unit that of the attribute: kW become W. */
export interface Target {
  readonly type: 'ThreePhaseAcMeasurement' | 'SmartMeteringObservation';
  readonly attribute: string;
  readonly unitCode: string;
  readonly factor: number;
}

/** One value of a usage point. Nothing else of what the source knows of it is taken: owner, address and tax number are personal. */
export interface MeterRecord {
  readonly usagePoint: string;
  readonly quantity: string;
  readonly value: number;
  readonly observedAt: Instant;
  readonly status?: ValueStatus;
}

const interval = { type: 'ThreePhaseAcMeasurement', factor: 1 } as const;
const register = { type: 'SmartMeteringObservation', unitCode: 'KWH', factor: 1 } as const;

/** Quantities by their mark in the source: 15-minute energy A and R, mean power P and Q of 15 minutes, and the register A+ at midnight. */
export const targets: Readonly<Record<string, Target>> = {
  'A+': { ...interval, attribute: 'totalActiveEnergyImport', unitCode: 'KWH' },
  'A-': { ...interval, attribute: 'totalActiveEnergyExport', unitCode: 'KWH' },
  'R+': { ...interval, attribute: 'totalReactiveEnergyImport', unitCode: 'K3' },
  'R-': { ...interval, attribute: 'totalReactiveEnergyExport', unitCode: 'K3' },
  'P+': { ...interval, attribute: 'totalActivePower', unitCode: 'WTT', factor: 1000 },
  'Q+': { ...interval, attribute: 'totalReactivePower', unitCode: 'D44', factor: 1000 },
  'A+_T0': { ...register, attribute: 'totalConsumption' },
  'A+_T1': { ...register, attribute: 'peakConsumption' },
  'A+_T2': { ...register, attribute: 'offPeakConsumption' },
};

export const recordSchema = {
  type: 'object',
  properties: {
    usagePoint: { type: 'string', pattern: '^[0-9]{18}$' },
    quantity: { enum: Object.keys(targets) },
    value: { type: 'number' },
    observedAt: { type: 'string', format: 'date-time' },
    status: { const: 'suspect' },
  },
  required: ['usagePoint', 'quantity', 'value', 'observedAt'],
  additionalProperties: false,
};
