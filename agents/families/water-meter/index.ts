import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Water meters → WaterConsumptionObserved in whole litres, and SmartMeteringObservation where fractions of a litre count. */
export default {
  name: 'water-meter',
  title: { sl: 'Vodomer', en: 'Water meter' },
  quantities: [...quantities],
  emits: ['WaterConsumptionObserved', 'SmartMeteringObservation'],
  personal: true,
  controlledProperty: ['waterConsumption'],
  map,
} satisfies Family;
