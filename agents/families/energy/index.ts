import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Electricity meters → ACMeasurement with one phase, ThreePhaseAcMeasurement with three. */
export default {
  name: 'energy',
  title: { sl: 'Električna energija', en: 'Electric energy' },
  quantities: [...quantities],
  emits: ['ACMeasurement', 'ThreePhaseAcMeasurement'],
  controlledProperty: ['electricityConsumption', 'power'],
  map,
} satisfies Family;
