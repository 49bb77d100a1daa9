import type { Envelope } from '#core';

import { command } from './command.ts';
import { open } from './open.ts';

/** The sensor contract of this project: `schemas/sensor.asyncapi.yaml`. */
export default {
  name: 'klavze',
  title: { sl: 'Klavže: lastna tema', en: 'Klavže: the topic of our own' },
  topics: ['klavze/+/up', 'klavze/+/status', 'klavze/+/cmdexe'],
  pushes: ['ingest/klavze', 'ingest/klavze/+'],
  open,
  command,
} satisfies Envelope;
