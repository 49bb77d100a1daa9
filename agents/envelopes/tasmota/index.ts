import type { Envelope } from '#core';

import { open } from './open.ts';

/** Devices with the Tasmota firmware. */
export default {
  name: 'tasmota',
  title: { sl: 'Tasmota', en: 'Tasmota' },
  topics: ['tele/+/+', 'stat/+/+'],
  open,
} satisfies Envelope;
