import { stationSchema, type Instant, type StationRecord } from '#core';

/** One direction (or lane) of a counter, such as 0617-11, in the five minutes that end with `observedAt`. */
export interface CounterRecord extends StationRecord {
  readonly observedFrom: Instant;
  readonly laneDirection?: 'forward' | 'backward';
  /** Of the state that the source gives: 5 is congestion. */
  readonly congested: boolean;
  /** Vehicles in the five minutes. */
  readonly intensity?: number;
  /** Share of the time in which a vehicle stood or drove over the counter, 0..1. */
  readonly occupancy?: number;
  /** km/h. */
  readonly averageVehicleSpeed?: number;
  /** Seconds from one vehicle to the next. */
  readonly averageHeadwayTime?: number;
}

const measurement = { type: 'number', minimum: 0 };

export const recordSchema = stationSchema(
  { observedFrom: { type: 'string', format: 'date-time' }, congested: { type: 'boolean' } },
  {
    laneDirection: { enum: ['forward', 'backward'] },
    intensity: measurement,
    occupancy: measurement,
    averageVehicleSpeed: measurement,
    averageHeadwayTime: measurement,
  },
);
