import type { Family } from '#core';

import { map, quantities } from './map.ts';

/** Sound level meters → NoiseLevelObserved. */
export default {
  name: 'noise',
  title: { sl: 'Hrup', en: 'Noise' },
  quantities: [...quantities],
  emits: ['NoiseLevelObserved'],
  controlledProperty: ['noiseLevel'],
  map,
} satisfies Family;
