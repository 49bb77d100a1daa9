import type { Envelope } from '#core';

import { open } from './open.ts';

/** SenML packs of devices that speak nothing else; other envelopes recognise SenML on their own topics. */
export default {
  name: 'senml',
  title: { sl: 'SenML (RFC 8428)', en: 'SenML (RFC 8428)' },
  topics: ['senml', 'senml/+'],
  pushes: ['ingest/senml/#'],
  open,
} satisfies Envelope;
