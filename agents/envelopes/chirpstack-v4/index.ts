import type { Envelope } from '#core';

import { command } from './command.ts';
import { open } from './open.ts';

/** ChirpStack v4 with JSON payloads; version 3 publishes on the same topics and is read as well. */
export default {
  name: 'chirpstack-v4',
  title: { sl: 'ChirpStack v4', en: 'ChirpStack v4' },
  topics: ['application/+/device/+/event/+', 'application/+/device/+/+'],
  pushes: ['ingest/chirpstack-v4', 'ingest/chirpstack-v4/+'],
  open,
  command,
} satisfies Envelope;
