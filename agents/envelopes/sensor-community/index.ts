import type { Envelope } from '#core';

import { open } from './open.ts';

/** airRohr firmware of sensor.community, pushing to an address of one's own. */
export default {
  name: 'sensor-community',
  title: { sl: 'sensor.community', en: 'sensor.community' },
  topics: ['sensor-community/+'],
  pushes: ['ingest/sensor-community/#'],
  open,
} satisfies Envelope;
