import type { Envelope } from '#core';

import { open } from './open.ts';

/** LORIOT network servers, messages of the application output. */
export default {
  name: 'loriot',
  title: { sl: 'LORIOT', en: 'LORIOT' },
  topics: ['loriot/#'],
  pushes: ['ingest/loriot/#'],
  open,
} satisfies Envelope;
