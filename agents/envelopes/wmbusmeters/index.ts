import type { Envelope } from '#core';

import { open } from './open.ts';

/** wM-Bus meters read by wmbusmeters. */
export default {
  name: 'wmbusmeters',
  title: { sl: 'wmbusmeters', en: 'wmbusmeters' },
  topics: ['wmbusmeters/+'],
  open,
} satisfies Envelope;
