import {
  dateTime,
  deviceUrn,
  observation,
  property,
  relationship,
  states,
  urn,
  type AttributeTable,
  type Device,
  type Entity,
  type Instant,
  type Outcome,
  type Reading,
} from '#core';

/** Parking/OffStreetParking: attribute, and UN/CEFACT code where the model has one. */
const site: AttributeTable = {
  availableSpots: ['availableSpotNumber'],
  occupiedSpots: ['occupiedSpotNumber'],
  occupancy: ['occupancy', 'C62'],
  vehiclesIn: ['vehicleEntranceCount'],
  vehiclesOut: ['vehicleExitCount'],
};

/** What the sensor under the vehicle feels. */
const unpublished = ['airTemperature', 'distance'];

export const quantities: ReadonlySet<string> = new Set(['occupied', ...Object.keys(site), ...unpublished]);

/** Per moment a ParkingSpot of a sensor that watches one place, an OffStreetParking of a counter. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) => [
    ...spot(moment, observedAt, device),
    ...carPark(moment, observedAt, device),
  ]);
}

/** A spot without a site in the registry is a street parking of its own, of one place. */
function spot(moment: readonly Reading[], observedAt: Instant, device: Device): Entity[] {
  const occupied = numberOf(moment, 'occupied');
  const parkingSite = device.parkingSite ?? urn('OnStreetParking', device.id);
  return observation(
    'ParkingSpot',
    device,
    observedAt,
    moment,
    { occupied: ['status'] },
    {
      status: property(occupied === 1 ? 'occupied' : occupied === 0 ? 'free' : 'unknown', observedAt),
      category: property([parkingSite.startsWith('urn:ngsi-ld:OffStreetParking:') ? 'offStreet' : 'onStreet']),
      refParkingSite: relationship(parkingSite),
      refDevice: relationship([deviceUrn(device)]),
      timeInstant: dateTime(observedAt),
    },
  );
}

/**
 * With the number of all places, free and occupied ones follow from each other, and the share and the status from both. Of a counter that
 * gives more than there are, or fewer than none, nothing follows.
 */
function carPark(moment: readonly Reading[], observedAt: Instant, device: Device): Entity[] {
  const total = device.totalSpots;
  const free = numberOf(moment, 'availableSpots') ?? restOf(total, numberOf(moment, 'occupiedSpots'));
  const occupied = numberOf(moment, 'occupiedSpots') ?? restOf(total, free);
  const derived: readonly (readonly [quantity: string, value: number | undefined])[] = [
    ['availableSpots', free],
    ['occupiedSpots', occupied],
    ['occupancy', shareOf(total, occupied)],
  ];
  const readings = derived.flatMap(([quantity, value]) => (value === undefined ? [] : [{ quantity, value, observedAt }]));
  const more: Partial<Entity> = { observationDateTime: dateTime(observedAt) };
  if (total !== undefined) more['totalSpotNumber'] = property(total);
  if (free !== undefined && free >= 0 && free <= (total ?? free))
    more['status'] = property([free > 0 ? 'spacesAvailable' : 'full'], observedAt);
  // What was counted stands over what follows from it.
  return observation('OffStreetParking', device, observedAt, [...readings, ...moment], site, more);
}

function numberOf(moment: readonly Reading[], quantity: string): number | undefined {
  return moment.findLast((reading) => reading.quantity === quantity)?.value;
}

function restOf(total: number | undefined, part: number | undefined): number | undefined {
  return total === undefined || part === undefined || part < 0 || part > total ? undefined : total - part;
}

function shareOf(total: number | undefined, part: number | undefined): number | undefined {
  const rest = restOf(total, part);
  return total === undefined || rest === undefined ? undefined : Number(((total - rest) / total).toFixed(4));
}
