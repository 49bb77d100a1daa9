import type { Instant } from '#core';

/** One hour of one site, or of one channel of it (a direction, a kind of user). */
export interface CountRecord {
  readonly site: string;
  readonly channel?: string;
  readonly observedFrom: Instant;
  readonly observedAt: Instant;
  readonly count: number;
}

const number = { type: 'string', pattern: '^[0-9]{1,15}$' };
const moment = { type: 'string', format: 'date-time' };

export const recordSchema = {
  type: 'object',
  properties: {
    site: number,
    channel: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,40}$' },
    observedFrom: moment,
    observedAt: moment,
    count: { type: 'integer', minimum: 0 },
  },
  required: ['site', 'observedFrom', 'observedAt', 'count'],
  additionalProperties: false,
};
