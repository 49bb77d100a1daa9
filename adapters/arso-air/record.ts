import type { Instant } from '#core';

/** Column of the source → attribute of AirQualityObserved with its unit code: GQ µg/m³, GP mg/m³ (ARSO gives CO in mg/m³). */
export const pollutants = [
  { column: 'so2', attribute: 'so2', unitCode: 'GQ' },
  { column: 'co', attribute: 'co', unitCode: 'GP' },
  { column: 'o3', attribute: 'o3', unitCode: 'GQ' },
  { column: 'no2', attribute: 'no2', unitCode: 'GQ' },
  { column: 'nox', attribute: 'nox', unitCode: 'GQ' },
  { column: 'pm10', attribute: 'pm10', unitCode: 'GQ' },
  { column: 'pm2.5', attribute: 'pm25', unitCode: 'GQ' },
  { column: 'benzen', attribute: 'c6h6', unitCode: 'GQ' },
] as const;

export type Pollutant = (typeof pollutants)[number]['attribute'];

export interface Concentration {
  /** µg/m³, CO mg/m³; the detection limit itself when `belowDetectionLimit`. */
  readonly value: number;
  readonly belowDetectionLimit?: true;
}

/** One hour of one station. */
export interface AirRecord {
  /** `sifra`, e.g. E424. */
  readonly station: string;
  readonly name: string;
  /** End of the hour that the values are the mean of. */
  readonly observedAt: Instant;
  /** WGS84 [longitude, latitude]. */
  readonly location: readonly [number, number];
  readonly concentrations: { readonly [P in Pollutant]?: Concentration };
}

const concentration = {
  type: 'object',
  properties: { value: { type: 'number' }, belowDetectionLimit: { const: true } },
  required: ['value'],
  additionalProperties: false,
};

export const recordSchema = {
  type: 'object',
  properties: {
    station: { type: 'string', minLength: 1 },
    name: { type: 'string', minLength: 1 },
    observedAt: { type: 'string', format: 'date-time' },
    location: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
    concentrations: {
      type: 'object',
      properties: Object.fromEntries(pollutants.map(({ attribute }) => [attribute, concentration])),
      minProperties: 1,
      additionalProperties: false,
    },
  },
  required: ['station', 'name', 'observedAt', 'location', 'concentrations'],
  additionalProperties: false,
};
