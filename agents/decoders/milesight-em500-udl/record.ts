import type { Instant } from '#core';

/** What one frame says at one moment. */
export interface Em500UdlRecord {
  readonly observedAt: Instant;
  /** Sensor to surface, metres. */
  readonly distance?: number;
  /** Charge, fraction of 1. */
  readonly batteryLevel?: number;
}

export const recordSchema = {
  type: 'object',
  required: ['observedAt'],
  minProperties: 2,
  additionalProperties: false,
  properties: {
    observedAt: { type: 'string', format: 'date-time' },
    distance: { type: 'number', exclusiveMinimum: 0, maximum: 10 },
    batteryLevel: { type: 'number', minimum: 0, maximum: 1 },
  },
} as const;
