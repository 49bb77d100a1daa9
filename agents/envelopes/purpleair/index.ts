import type { Envelope } from '#core';

import { open } from './open.ts';

/** PurpleAir sensors, as the interface of PurpleAir describes one; forwarded by a script or by the device itself. */
export default {
  name: 'purpleair',
  title: { sl: 'PurpleAir', en: 'PurpleAir' },
  topics: ['purpleair/+'],
  pushes: ['ingest/purpleair', 'ingest/purpleair/+'],
  open,
} satisfies Envelope;
