import type { Instant } from '#core';

/** One file or service of a data set. */
export interface ResourceRecord {
  readonly id: string;
  readonly title?: string;
  readonly description?: string;
  readonly url?: string;
  readonly format?: string;
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
  readonly issued?: Instant;
  readonly modified?: Instant;
}

/** One data set of the catalogue. */
export interface PackageRecord {
  readonly id: string;
  /** Its name in addresses of the portal. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly publisher?: { readonly id: string; readonly name: string };
  readonly licence?: string;
  readonly keywords: readonly string[];
  readonly themes: readonly string[];
  readonly frequency?: string;
  readonly issued?: Instant;
  readonly modified?: Instant;
  readonly resources: readonly ResourceRecord[];
}

const text = { type: 'string', minLength: 1 };
const moment = { type: 'string', format: 'date-time' };
const texts = { type: 'array', items: text };

export const recordSchema = {
  type: 'object',
  properties: {
    id: text,
    name: text,
    title: text,
    description: text,
    publisher: { type: 'object', properties: { id: text, name: text }, required: ['id', 'name'], additionalProperties: false },
    licence: text,
    keywords: texts,
    themes: texts,
    frequency: text,
    issued: moment,
    modified: moment,
    resources: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: text,
          title: text,
          description: text,
          url: text,
          format: text,
          mediaType: text,
          size: { type: 'number', minimum: 0 },
          issued: moment,
          modified: moment,
        },
        required: ['id'],
        additionalProperties: false,
      },
    },
  },
  required: ['id', 'name', 'title', 'description', 'keywords', 'themes', 'resources'],
  additionalProperties: false,
};
