import { stationSchema, type StationRecord } from '#core';

/** Column of the source → field of the record. Centimetres become metres. */
export const quantities = [
  { column: 'vodostaj', field: 'waterLevel', divisor: 100 },
  { column: 'pretok', field: 'flow', divisor: 1 },
  { column: 'temp_vode', field: 'temperature', divisor: 1 },
  { column: 'znacilna_visina_valov', field: 'swellHeight', divisor: 1 },
  { column: 'smer_valovanja', field: 'swellDirection', divisor: 1 },
] as const;

export type Field = (typeof quantities)[number]['field'];

/**
 * One reading of one gauge or sea buoy (`sifra`, e.g. 8350): m, m³/s, °C, m, degrees. The name is river and place; the place alone is
 * not unique (Podroteja, Mlino, Otiški Vrh).
 */
export interface HydroRecord extends StationRecord {
  readonly values: { readonly [F in Field]?: number };
}

export const recordSchema = stationSchema({
  values: {
    type: 'object',
    properties: Object.fromEntries(quantities.map(({ field }) => [field, { type: 'number' }])),
    minProperties: 1,
    additionalProperties: false,
  },
});
