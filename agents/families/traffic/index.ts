import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Counters of vehicles and of people → TrafficFlowObserved for each direction and kind of vehicle, CrowdFlowObserved. */
export default {
  name: 'traffic',
  title: { sl: 'Promet', en: 'Traffic' },
  quantities: [...quantities],
  emits: ['TrafficFlowObserved', 'CrowdFlowObserved'],
  controlledProperty: ['trafficFlow', 'averageVelocity'],
  map,
} satisfies Family;
