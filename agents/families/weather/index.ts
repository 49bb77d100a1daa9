import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Weather stations → WeatherObserved. */
export default {
  name: 'weather',
  title: { sl: 'Vreme', en: 'Weather' },
  quantities: [...quantities],
  emits: ['WeatherObserved'],
  controlledProperty: [
    'weatherConditions',
    'temperature',
    'humidity',
    'precipitation',
    'windSpeed',
    'windDirection',
    'atmosphericPressure',
  ],
  map,
} satisfies Family;
