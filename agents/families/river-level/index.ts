import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Gauges over or in a stream → WaterObserved, and WaterQualityObserved where they measure the water itself. */
export default {
  name: 'river-level',
  title: { sl: 'Vodostaj reke', en: 'River level' },
  quantities: [...quantities],
  emits: ['WaterObserved', 'WaterQualityObserved'],
  controlledProperty: ['waterLevel', 'temperature'],
  map,
} satisfies Family;
