import type { Instant } from '#core';

/** Column of the source → field of the record. Centimetres become metres. */
export const quantities = [
  { column: 'vodostaj', field: 'waterLevel', divisor: 100 },
  { column: 'pretok', field: 'flow', divisor: 1 },
  { column: 'temp_vode', field: 'temperature', divisor: 1 },
  { column: 'znacilna_visina_valov', field: 'swellHeight', divisor: 1 },
  { column: 'smer_valovanja', field: 'swellDirection', divisor: 1 },
] as const;

export type Field = (typeof quantities)[number]['field'];

/** One reading of one gauge or sea buoy: m, m³/s, °C, m, degrees. */
export interface HydroRecord {
  /** `sifra`, e.g. 8350. */
  readonly station: string;
  /** River and place; the place alone is not unique (Podroteja, Mlino, Otiški Vrh). */
  readonly name: string;
  readonly observedAt: Instant;
  /** WGS84 [longitude, latitude]. */
  readonly location: readonly [number, number];
  readonly values: { readonly [F in Field]?: number };
}

export const recordSchema = {
  type: 'object',
  properties: {
    station: { type: 'string', minLength: 1 },
    name: { type: 'string', minLength: 1 },
    observedAt: { type: 'string', format: 'date-time' },
    location: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
    values: {
      type: 'object',
      properties: Object.fromEntries(quantities.map(({ field }) => [field, { type: 'number' }])),
      minProperties: 1,
      additionalProperties: false,
    },
  },
  required: ['station', 'name', 'observedAt', 'location', 'values'],
  additionalProperties: false,
};
