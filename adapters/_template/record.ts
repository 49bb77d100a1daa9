import type { Instant } from '#core';

/** One reading of one station: only what `map` reads. */
export interface StationRecord {
  readonly station: string;
  readonly name: string;
  readonly observedAt: Instant;
  /** WGS84 [longitude, latitude]. */
  readonly location: readonly [number, number];
  /** µg/m³ */
  readonly no2: number;
}

export const recordSchema = {
  type: 'object',
  properties: {
    station: { type: 'string', minLength: 1 },
    name: { type: 'string', minLength: 1 },
    observedAt: { type: 'string', format: 'date-time' },
    location: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
    no2: { type: 'number' },
  },
  required: ['station', 'name', 'observedAt', 'location', 'no2'],
  additionalProperties: false,
};
