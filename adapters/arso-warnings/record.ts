import type { Instant } from '#core';

/** Levels of Meteoalarm as the model's severities; green means that there is no warning. */
export const severities = { yellow: 'medium', orange: 'high', red: 'critical' } as const;

/** Kinds of Meteoalarm by their number (awareness_type), as the model's subcategories. */
export const kinds: Readonly<Record<string, string>> = {
  1: 'wind',
  2: 'snow_ice',
  3: 'thunderstorms',
  4: 'fog',
  5: 'highTemperature',
  6: 'lowTemperature',
  7: 'coastalEvent',
  8: 'forestFire',
  9: 'avalanches',
  10: 'rainfall',
  12: 'flood',
  13: 'rain_flood',
  14: 'ice',
};

/** One warning for one region and time. */
export interface WarningRecord {
  /** The source's code of the region: `SLOVENIA_MIDDLE_`. */
  readonly region: string;
  readonly regionName: string;
  readonly subCategory: string;
  readonly severity: string;
  readonly headline: string;
  /** Headline in English. */
  readonly headlineEn?: string;
  /** Slovenian, then English. */
  readonly description?: string;
  readonly dateIssued: Instant;
  readonly validFrom: Instant;
  readonly validTo: Instant;
  /** Closed rings of [longitude, latitude], mostly one. */
  readonly area?: readonly (readonly (readonly [number, number])[])[];
}

const text = { type: 'string', minLength: 1 };
const moment = { type: 'string', format: 'date-time' };

export const recordSchema = {
  type: 'object',
  properties: {
    region: text,
    regionName: text,
    subCategory: { enum: Object.values(kinds) },
    severity: { enum: Object.values(severities) },
    headline: text,
    headlineEn: text,
    description: text,
    dateIssued: moment,
    validFrom: moment,
    validTo: moment,
    area: {
      type: 'array',
      minItems: 1,
      items: { type: 'array', minItems: 4, items: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 } },
    },
  },
  required: ['region', 'regionName', 'subCategory', 'severity', 'headline', 'dateIssued', 'validFrom', 'validTo'],
  additionalProperties: false,
};
