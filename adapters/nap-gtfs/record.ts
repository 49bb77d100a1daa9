import type { Json } from '#core';

/** An attribute that is no link: its value in the words of the model. */
export type Values = Readonly<Record<string, Json>>;

/** One entity of a timetable. Links are ids of the feed, by the type that they point to. */
export interface GtfsRecord {
  readonly type: GtfsType;
  /** What the id is made of, after the publisher. */
  readonly id: string;
  readonly values: Values;
  readonly links: Readonly<Record<string, { readonly type: GtfsType; readonly id: string | readonly string[] }>>;
  readonly geometry?: { readonly type: 'Point' | 'LineString'; readonly coordinates: readonly unknown[] };
}

export const gtfsTypes = [
  'GtfsAgency',
  'GtfsStop',
  'GtfsStation',
  'GtfsAccessPoint',
  'GtfsRoute',
  'GtfsService',
  'GtfsTrip',
  'GtfsStopTime',
  'GtfsCalendarRule',
  'GtfsCalendarDateRule',
  'GtfsShape',
  'GtfsFrequency',
  'GtfsTransferRule',
] as const;
export type GtfsType = (typeof gtfsTypes)[number];

const id = { type: 'string', minLength: 1 };
const type = { enum: gtfsTypes };

export const recordSchema = {
  type: 'object',
  properties: {
    type,
    id,
    values: { type: 'object' },
    links: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: { type, id: { anyOf: [id, { type: 'array', items: id, minItems: 1 }] } },
        required: ['type', 'id'],
        additionalProperties: false,
      },
    },
    geometry: {
      type: 'object',
      properties: { type: { enum: ['Point', 'LineString'] }, coordinates: { type: 'array', minItems: 2 } },
      required: ['type', 'coordinates'],
      additionalProperties: false,
    },
  },
  required: ['type', 'id', 'values', 'links'],
  additionalProperties: false,
};
