import { accepted, measured, stationEntity, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { HydroRecord } from './record.ts';

/** Attribute of each model, field of the record, unit code. WaterObserved has no temperature: it goes to a WaterQualityObserved beside it. */
const models = {
  WaterObserved: { waterLevel: 'MTR', flow: 'MQS', swellHeight: 'MTR', swellDirection: 'DD' },
  WaterQualityObserved: { temperature: 'CEL' },
} as const;

/** WaterObserved and WaterQualityObserved of a station, each only with a value to tell. */
export function map(record: HydroRecord): Outcome<Entity> {
  const values: Record<string, number | undefined> = record.values;
  const entities: Entity[] = [];
  for (const [type, units] of Object.entries(models)) {
    const told = Object.entries(units).flatMap(([attribute, unitCode]) => {
      const value = values[attribute];
      return value === undefined ? [] : [[attribute, measured(value, unitCode, record.observedAt)] as const];
    });
    if (told.length === 0) continue;
    entities.push({ ...stationEntity(type, 'arso', record, dataset), ...Object.fromEntries(told) });
  }
  return accepted(...entities);
}
