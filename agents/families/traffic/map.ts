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

/** Transportation/CrowdFlowObserved, whole numbers only: the first counting line, and further ones by what their id ends with. */
const crowds: readonly (readonly [line: string | undefined, AttributeTable])[] = [
  [undefined, { peopleCount: ['peopleCount', 'IE'], ...lineTable('') }],
  ...['2', '3', '4'].map((line) => [`line-${line}`, lineTable(`Line${line}`)] as const),
];

function lineTable(suffix: string): AttributeTable {
  return { [`peopleIn${suffix}`]: ['peopleCountTowards', 'IE'], [`peopleOut${suffix}`]: ['peopleCountAway', 'IE'] };
}

/** The 85th percentile of speed, counters that never start anew, and who stands somewhere without passing have no attribute. */
const unpublished = [
  'vehicleSpeed85',
  'airTemperature',
  ...['', 'Line2', 'Line3', 'Line4'].flatMap((line) => [`peopleInTotal${line}`, `peopleOutTotal${line}`]),
  ...['1', '2', '3', '4'].map((region) => `peopleInRegion${region}`),
];

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
  ...crowds.flatMap(([, table]) => Object.keys(table)),
  ...unpublished,
]);

/** Per moment a TrafficFlowObserved for each direction and kind of vehicle that was counted, and a CrowdFlowObserved for each counting line. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) => {
    const period = observedPeriod(periodStart(moment, observedAt, device), observedAt);
    return [
      ...streams.flatMap(({ direction, vehicleType, table }) =>
        observation('TrafficFlowObserved', device, observedAt, moment, table, {
          id: urnOf('TrafficFlowObserved', device, direction, vehicleType),
          ...described({ laneId: device.laneId, laneDirection: direction ?? device.laneDirection, vehicleType }),
          ...period,
        }),
      ),
      ...crowds.flatMap(([line, table]) =>
        observation('CrowdFlowObserved', device, observedAt, moment.map(inWholePeople), table, {
          id: urnOf('CrowdFlowObserved', device, line),
          ...period,
        }),
      ),
    ];
  });
}

function urnOf(type: string, device: Device, ...parts: readonly (string | undefined)[]): string {
  return urn(type, device.id, ...parts.filter((part) => part !== undefined));
}

/** What is known of a stream, as attributes. */
function described(facts: Readonly<Record<string, string | number | undefined>>): Partial<Entity> {
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, property(value)]])));
}

/** Counters that see part of the time extrapolate to fractions. */
function inWholePeople(reading: Reading): Reading {
  return { ...reading, value: Math.round(reading.value) };
}
