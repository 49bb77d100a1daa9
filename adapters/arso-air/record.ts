import { stationSchema, type StationRecord } from '#core';

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

/** One hour of one station (`sifra`, e.g. E424); `observedAt` is its end. */
export interface AirRecord extends StationRecord {
  readonly concentrations: { readonly [P in Pollutant]?: Concentration };
}

const concentration = {
  type: 'object',
  properties: { value: { type: 'number' }, belowDetectionLimit: { const: true } },
  required: ['value'],
  additionalProperties: false,
};

export const recordSchema = stationSchema({
  concentrations: {
    type: 'object',
    properties: Object.fromEntries(pollutants.map(({ attribute }) => [attribute, concentration])),
    minProperties: 1,
    additionalProperties: false,
  },
});
