import type { Envelope } from '#core';

import { open } from './open.ts';

/** Observations of an OGC SensorThings service over MQTT. */
export default {
  name: 'sensorthings',
  title: { sl: 'OGC SensorThings', en: 'OGC SensorThings' },
  topics: ['v1.0', 'v1.1'].flatMap((version) => [`${version}/+/Observations`, `${version}/Observations`, `${version}/Things`]),
  open,
} satisfies Envelope;
