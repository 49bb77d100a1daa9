/** A unit of the register of spatial units. */
export interface UnitRecord {
  readonly kind: 'municipality' | 'settlement' | 'part';
  /** National number of a municipality (36 for Idrija); the permanent number of another unit. */
  readonly code: string;
  readonly name: string;
  /** In the other language of a bilingual area. */
  readonly otherName?: string;
  /** Its boundary, or the middle of it; WGS84. */
  readonly location: { readonly type: 'Point' | 'Polygon' | 'MultiPolygon'; readonly coordinates: readonly unknown[] };
}

const text = { type: 'string', minLength: 1 };

export const recordSchema = {
  type: 'object',
  properties: {
    kind: { enum: ['municipality', 'settlement', 'part'] },
    code: { type: 'string', pattern: '^[1-9][0-9]*$' },
    name: text,
    otherName: text,
    location: {
      type: 'object',
      properties: { type: { enum: ['Point', 'Polygon', 'MultiPolygon'] }, coordinates: { type: 'array', minItems: 1 } },
      required: ['type', 'coordinates'],
      additionalProperties: false,
    },
  },
  required: ['kind', 'code', 'name', 'location'],
  additionalProperties: false,
};
