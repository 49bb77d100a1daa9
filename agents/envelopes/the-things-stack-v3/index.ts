import type { Envelope } from '#core';

import { command } from './command.ts';
import { open } from './open.ts';

/** The Things Stack v3: The Things Network, The Things Industries, and servers of one's own. */
export default {
  name: 'the-things-stack-v3',
  title: { sl: 'The Things Stack v3', en: 'The Things Stack v3' },
  topics: [
    'v3/+/devices/+/up',
    'v3/+/devices/+/up/normalized',
    'v3/+/devices/+/join',
    'v3/+/devices/+/down/+',
    'v3/+/devices/+/location/solved',
    'v3/+/devices/+/service/data',
  ],
  pushes: ['ingest/the-things-stack-v3/#'],
  open,
  command,
} satisfies Envelope;
