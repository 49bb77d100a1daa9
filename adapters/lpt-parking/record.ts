import type { Instant } from '#core';

export interface ParkingRecord {
  readonly site: string;
  readonly name: string;
  /** WGS84 [longitude, latitude]. */
  readonly location: readonly [number, number];
  readonly totalSpots?: number;
  readonly openingHours?: string;
  readonly free?: { readonly spots: number; readonly observedAt: Instant };
}

const text = { type: 'string', minLength: 1 };

export const recordSchema = {
  type: 'object',
  properties: {
    site: { type: 'string', pattern: '^[0-9]{1,9}$' },
    name: text,
    location: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
    totalSpots: { type: 'integer', minimum: 1 },
    openingHours: text,
    free: {
      type: 'object',
      properties: { spots: { type: 'integer', minimum: 0 }, observedAt: { type: 'string', format: 'date-time' } },
      required: ['spots', 'observedAt'],
      additionalProperties: false,
    },
  },
  required: ['site', 'name', 'location'],
  additionalProperties: false,
};
