import type { Envelope } from '#core';

import { open } from './open.ts';

/** AirGradient monitors. */
export default {
  name: 'airgradient',
  title: { sl: 'AirGradient', en: 'AirGradient' },
  topics: ['airgradient/readings/+'],
  pushes: ['ingest/airgradient/+'],
  open,
} satisfies Envelope;
