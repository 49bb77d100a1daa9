import {
  observation,
  observedPeriod,
  periodStart,
  property,
  states,
  urn,
  type AttributeTable,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
} from '#core';

/** Transportation/TrafficFlowObserved, of all vehicles: attribute and UN/CEFACT code. */
const flow: AttributeTable = {
  vehicleCount: ['intensity', 'C62'],
  vehicleSpeed: ['averageVehicleSpeed', 'KMH'],
  vehicleLength: ['averageVehicleLength', 'MTR'],
  vehicleGap: ['averageGapDistance', 'MTR'],
  headwayTime: ['averageHeadwayTime', 'SEC'],
  occupancy: ['occupancy', 'C62'],
};

/** Words of the model's vehicleType. */
const vehicleTypes = ['car', 'van', 'lorry', 'bus', 'motorcycle', 'bicycle'];

/** Both directions of a road together, then each. */
const directions = [undefined, 'forward', 'backward'] as const;

/** Transportation/CrowdFlowObserved: whole numbers only. */
const crowd: AttributeTable = {
  peopleCount: ['peopleCount', 'IE'],
  peopleIn: ['peopleCountTowards', 'IE'],
  peopleOut: ['peopleCountAway', 'IE'],
};

/** The 85th percentile of speed and counters that never start anew have no attribute. */
const unpublished = ['vehicleSpeed85', 'peopleInTotal', 'peopleOutTotal', 'airTemperature'];

/** One TrafficFlowObserved: which vehicles in which direction, what is known of them, and what its id ends with. */
interface Stream {
  readonly direction?: 'forward' | 'backward' | undefined;
  readonly vehicleType?: string | undefined;
  readonly table: AttributeTable;
}

const streams: readonly Stream[] = directions.flatMap((direction) => {
  const suffix = direction === undefined ? '' : direction === 'forward' ? 'Forward' : 'Backward';
  const all: AttributeTable =
    direction === undefined
      ? flow
      : { [`vehicleCount${suffix}`]: ['intensity', 'C62'], [`vehicleSpeed${suffix}`]: ['averageVehicleSpeed', 'KMH'] };
  const one = (vehicleType: string): AttributeTable => ({ [`${vehicleType}Count${suffix}`]: ['intensity', 'C62'] });
  return [{ direction, table: all }, ...vehicleTypes.map((vehicleType) => ({ direction, vehicleType, table: one(vehicleType) }))];
});

export const quantities: ReadonlySet<string> = new Set([
  ...streams.flatMap(({ table }) => Object.keys(table)),
  ...Object.keys(crowd),
  ...unpublished,
]);

/** Per moment a TrafficFlowObserved for each direction and kind of vehicle that was counted, and a CrowdFlowObserved for people. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) => {
    const period = observedPeriod(periodStart(moment, observedAt, device), observedAt);
    return [
      ...streams.flatMap(({ direction, vehicleType, table }) =>
        observation('TrafficFlowObserved', device, observedAt, moment, table, {
          id: urn('TrafficFlowObserved', device.id, ...[direction, vehicleType].filter((part) => part !== undefined)),
          ...described({ laneId: device.laneId, laneDirection: direction ?? device.laneDirection, vehicleType }),
          ...period,
        }),
      ),
      ...observation('CrowdFlowObserved', device, observedAt, moment.map(inWholePeople), crowd, period),
    ];
  });
}

/** What is known of a stream, as attributes. */
function described(facts: Readonly<Record<string, string | number | undefined>>): Partial<Entity> {
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, property(value)]])));
}

/** Counters that see part of the time extrapolate to fractions. */
function inWholePeople(reading: Reading): Reading {
  return { ...reading, value: Math.round(reading.value) };
}
