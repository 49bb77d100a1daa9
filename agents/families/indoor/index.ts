import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Room sensors → IndoorEnvironmentObserved, and AirQualityObserved for the particles and gases in the air of the room. */
export default {
  name: 'indoor',
  title: { sl: 'Notranje podnebje', en: 'Indoor climate' },
  quantities: [...quantities],
  emits: ['IndoorEnvironmentObserved', 'AirQualityObserved'],
  controlledProperty: ['temperature', 'humidity', 'airPollution', 'light', 'occupancy'],
  map,
} satisfies Family;
