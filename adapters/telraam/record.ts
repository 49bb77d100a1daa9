import type { Instant } from '#core';

/** Modes of the source and the words that TrafficFlowObserved has for them; people on foot are CrowdFlowObserved. */
export const modes = { car: 'car', heavy: 'lorry', bike: 'bicycle', pedestrian: undefined } as const;
/** Both ways together, and each as the camera sees it: towards its left and towards its right. */
export const ways = ['', '_lft', '_rgt'] as const;

export type Mode = keyof typeof modes;

export interface Count {
  readonly mode: Mode;
  readonly way: (typeof ways)[number];
  /** In the hour; a fraction, as the source extrapolates from the share of the hour in which the camera counted. */
  readonly count: number;
}

/** One hour of one road segment, or of one camera on it. */
export interface HourRecord {
  readonly segment: string;
  readonly camera?: string;
  readonly observedFrom: Instant;
  readonly observedAt: Instant;
  readonly counts: readonly Count[];
}

const moment = { type: 'string', format: 'date-time' };

export const recordSchema = {
  type: 'object',
  properties: {
    segment: { type: 'string', pattern: '^[0-9]{1,15}$' },
    camera: { type: 'string', pattern: '^[0-9]{1,15}$' },
    observedFrom: moment,
    observedAt: moment,
    counts: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { mode: { enum: Object.keys(modes) }, way: { enum: ways }, count: { type: 'number', minimum: 0 } },
        required: ['mode', 'way', 'count'],
        additionalProperties: false,
      },
    },
  },
  required: ['segment', 'observedFrom', 'observedAt', 'counts'],
  additionalProperties: false,
};
