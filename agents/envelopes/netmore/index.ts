import type { Envelope } from '#core';

import { open } from './open.ts';

/** The Netmore network: arrays of uplinks, frames in hexadecimal digits. */
export default {
  name: 'netmore',
  title: { sl: 'Netmore', en: 'Netmore' },
  topics: ['netmore/#'],
  pushes: ['ingest/netmore/#'],
  open,
} satisfies Envelope;
