/** A municipality of the register of spatial units. */
export interface MunicipalityRecord {
  /** National number of the municipality, 36 for Idrija. */
  readonly code: string;
  readonly name: string;
  /** WGS84 [longitude, latitude] of its middle. */
  readonly location: readonly [number, number];
}

export const recordSchema = {
  type: 'object',
  properties: {
    code: { type: 'string', pattern: '^[1-9][0-9]{0,2}$' },
    name: { type: 'string', minLength: 1 },
    location: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
  },
  required: ['code', 'name', 'location'],
  additionalProperties: false,
};
