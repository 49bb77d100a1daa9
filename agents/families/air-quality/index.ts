import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Air quality stations and indoor-outdoor sensors → AirQualityObserved. */
export default {
  name: 'air-quality',
  title: { sl: 'Kakovost zraka', en: 'Air quality' },
  quantities: [...quantities],
  emits: ['AirQualityObserved'],
  controlledProperty: ['airPollution', 'temperature', 'humidity', 'atmosphericPressure'],
  map,
} satisfies Family;
