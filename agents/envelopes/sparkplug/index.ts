import type { Envelope } from '#core';

import { open } from './open.ts';

/** Eclipse Sparkplug B. */
export default {
  name: 'sparkplug',
  title: { sl: 'Sparkplug B', en: 'Sparkplug B' },
  topics: ['spBv1.0/#'],
  open,
} satisfies Envelope;
