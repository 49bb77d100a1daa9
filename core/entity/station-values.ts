import type { Adapter } from '../plugin.ts';
import { measured } from './build.ts';
import type { Entity } from './entity.ts';
import type { AttributeTable } from './observation.ts';
import { stationEntity, stationSchema, type StationRecord } from './station.ts';

/** What a station measured at one moment, by quantity in its unit of `schemas/quantities.json`, as sensors of people are read. */
export interface StationValues extends StationRecord {
  readonly values: Readonly<Record<string, number>>;
}

export const stationValuesSchema = stationSchema({
  values: {
    type: 'object',
    minProperties: 1,
    propertyNames: { pattern: '^[A-Za-z][A-Za-z0-9]*$' },
    additionalProperties: { type: 'number' },
  },
});

/** The values that a model has an attribute for, as one entity of the station; none when it has none of them. */
export function stationState(
  type: string,
  publisher: string,
  record: StationValues,
  dataset: Pick<Adapter['dataset'], 'attribution' | 'landingPage'>,
  table: AttributeTable,
): Entity[] {
  const own = Object.entries(record.values).filter(([quantity]) => Object.hasOwn(table, quantity));
  if (own.length === 0) return [];
  const entity = stationEntity(type, publisher, record, { ...dataset, url: dataset.landingPage });
  for (const [quantity, value] of own) {
    const [attribute = '', unitCode = ''] = table[quantity] ?? [];
    entity[attribute] = measured(value, unitCode, record.observedAt);
  }
  return [entity];
}
