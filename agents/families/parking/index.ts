import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Sensors in a parking place → ParkingSpot; counters of a car park → OffStreetParking. */
export default {
  name: 'parking',
  title: { sl: 'Parkiranje', en: 'Parking' },
  quantities: [...quantities],
  emits: ['ParkingSpot', 'OffStreetParking'],
  controlledProperty: ['occupancy'],
  map,
} satisfies Family;
