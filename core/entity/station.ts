import type { Adapter, Instant } from '../plugin.ts';
import { dateTime, point, property, urn } from './build.ts';
import type { Entity } from './entity.ts';

/** What the records of measuring stations have in common. */
export interface StationRecord {
  /** The source's own stable key. */
  readonly station: string;
  readonly name: string;
  readonly observedAt: Instant;
  /** WGS84 [longitude, latitude]. */
  readonly location: readonly [number, number];
}

/** Record schema of a StationRecord with further properties; other keys are refused. */
export function stationSchema(required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}): object {
  const properties = {
    station: { type: 'string', minLength: 1 },
    name: { type: 'string', minLength: 1 },
    observedAt: { type: 'string', format: 'date-time' },
    location: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
    ...required,
  };
  return { type: 'object', properties: { ...properties, ...optional }, required: Object.keys(properties), additionalProperties: false };
}

/** A station at one moment, without its values: id from publisher and key, name, place, `dateObserved` and where it comes from. */
export function stationEntity(
  type: string,
  publisher: string,
  record: StationRecord,
  dataset: Pick<Adapter['dataset'], 'attribution' | 'url'>,
): Entity {
  return {
    id: urn(type, publisher, record.station),
    type,
    name: property(record.name),
    location: point(...record.location),
    dateObserved: dateTime(record.observedAt),
    dataProvider: property(dataset.attribution),
    source: property(dataset.url),
  };
}
