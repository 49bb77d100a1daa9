import { stationSchema, type StationRecord } from '#core';

/** One reading of one station: only what `map` reads. */
export interface AirRecord extends StationRecord {
  /** µg/m³ */
  readonly no2: number;
}

export const recordSchema = stationSchema({ no2: { type: 'number' } });
