import type { Envelope } from '#core';

import { open } from './open.ts';

/** Actility ThingPark in JSON, from the MQTT or the HTTP connector. */
export default {
  name: 'actility-thingpark',
  title: { sl: 'Actility ThingPark', en: 'Actility ThingPark' },
  topics: ['mqtt/things/+/uplink'],
  pushes: ['ingest/actility-thingpark/#'],
  open,
} satisfies Envelope;
