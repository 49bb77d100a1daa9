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

/** The 85th percentile of speed, counters that never start anew, and who stands somewhere without passing have no attribute. */
const unpublished = [
  'vehicleSpeed85',
  'airTemperature',
  ...['', 'Line2', 'Line3', 'Line4'].flatMap((line) => [`peopleInTotal${line}`, `peopleOutTotal${line}`]),
  ...['1', '2', '3', '4'].map((region) => `peopleInRegion${region}`),
];

/** What is an entity of its own: its type, what its id ends with beside the device, and what is measured of it. */
interface Stream {
  readonly type: 'TrafficFlowObserved' | 'CrowdFlowObserved';
  readonly parts: readonly string[];
  readonly laneDirection?: 'forward' | 'backward';
  readonly vehicleType?: string;
  readonly table: AttributeTable;
}

/** Both directions of a road together, then each; of each all vehicles, then each kind. */
const vehicles: readonly Stream[] = [
  ...ofDirection({}, '', flow),
  ...ofDirection({ laneDirection: 'forward' }, 'Forward', oneWay('Forward')),
  ...ofDirection({ laneDirection: 'backward' }, 'Backward', oneWay('Backward')),
];

function oneWay(suffix: string): AttributeTable {
  return { [`vehicleCount${suffix}`]: ['intensity', 'C62'], [`vehicleSpeed${suffix}`]: ['averageVehicleSpeed', 'KMH'] };
}

function ofDirection(direction: Pick<Stream, 'laneDirection'>, suffix: string, table: AttributeTable): Stream[] {
  const parts = Object.values(direction);
  return [
    { type: 'TrafficFlowObserved', parts, ...direction, table },
    ...vehicleTypes.map((vehicleType): Stream => {
      const count: AttributeTable = { [`${vehicleType}Count${suffix}`]: ['intensity', 'C62'] };
      return { type: 'TrafficFlowObserved', parts: [...parts, vehicleType], ...direction, vehicleType, table: count };
    }),
  ];
}

/** Transportation/CrowdFlowObserved: the first counting line, then further ones. */
const people: readonly Stream[] = ['', '2', '3', '4'].map((line) => {
  const suffix = line === '' ? '' : `Line${line}`;
  const passing: AttributeTable = {
    [`peopleIn${suffix}`]: ['peopleCountTowards', 'IE'],
    [`peopleOut${suffix}`]: ['peopleCountAway', 'IE'],
  };
  const table: AttributeTable = line === '' ? { peopleCount: ['peopleCount', 'IE'], ...passing } : passing;
  return { type: 'CrowdFlowObserved', parts: line === '' ? [] : [`line-${line}`], table };
});

/** The one stream to which a quantity belongs. */
const streamOf: ReadonlyMap<string, Stream> = new Map(
  [...vehicles, ...people].flatMap((stream) => Object.keys(stream.table).map((quantity) => [quantity, stream])),
);

export const quantities: ReadonlySet<string> = new Set([...streamOf.keys(), ...unpublished]);

/** Per moment a TrafficFlowObserved for each direction and kind of vehicle that was counted, and a CrowdFlowObserved for each counting line. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) => {
    const period = observedPeriod(periodStart(moment, observedAt, device), observedAt);
    const counted = new Set(moment.flatMap(({ quantity }) => streamOf.get(quantity) ?? []));
    const whole = moment.map(inWholePeople);
    return [...counted].flatMap((stream) =>
      observation(stream.type, device, observedAt, whole, stream.table, {
        id: urn(stream.type, device.id, ...stream.parts),
        ...(stream.type === 'TrafficFlowObserved' && ofVehicles(stream, device)),
        ...period,
      }),
    );
  });
}

/** What is known of the vehicles, as attributes. */
function ofVehicles({ laneDirection, vehicleType }: Stream, { laneId, laneDirection: registered }: Device): Partial<Entity> {
  const facts = { laneId, laneDirection: laneDirection ?? registered, vehicleType };
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, property(value)]])));
}

/** The model knows whole people only; counters that see part of the time extrapolate to fractions. */
function inWholePeople(reading: Reading): Reading {
  return reading.quantity.startsWith('people') ? { ...reading, value: Math.round(reading.value) } : reading;
}
