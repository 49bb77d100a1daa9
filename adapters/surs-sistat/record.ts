import type { Instant } from '#core';

/** One figure of a statistical table. */
export interface FigureRecord {
  /** Three digits of a municipality, `0` for the country. */
  readonly area: string;
  readonly areaName: string;
  /** Stable name of what is counted and how often: `tourist-nights-monthly`. */
  readonly indicator: string;
  /** In the words of the source. */
  readonly measure: string;
  /** Title of the table. */
  readonly title?: string;
  readonly frequency?: 'daily' | 'monthly' | 'quarterly' | 'yearly';
  /** First and last day of the period; the same day for a state on a day. */
  readonly from: string;
  readonly to: string;
  /** When the period was over, or the day of the state began. */
  readonly observedAt: Instant;
  readonly value: number;
  readonly unitCode?: 'C62' | 'P1';
  /** The source marks it as a less reliable estimate. */
  readonly uncertain: boolean;
}

const text = { type: 'string', minLength: 1 };
const day = { type: 'string', format: 'date' };

export const recordSchema = {
  type: 'object',
  properties: {
    area: { type: 'string', pattern: '^(0|[0-9]{3})$' },
    areaName: text,
    indicator: { type: 'string', pattern: '^[a-z0-9.-]+$' },
    measure: text,
    title: text,
    frequency: { enum: ['daily', 'monthly', 'quarterly', 'yearly'] },
    from: day,
    to: day,
    observedAt: { type: 'string', format: 'date-time' },
    value: { type: 'number' },
    unitCode: { enum: ['C62', 'P1'] },
    uncertain: { type: 'boolean' },
  },
  required: ['area', 'areaName', 'indicator', 'measure', 'from', 'to', 'observedAt', 'value', 'uncertain'],
  additionalProperties: false,
};
