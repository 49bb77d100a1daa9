import type { Envelope } from '#core';

import { command } from './command.ts';
import { open } from './open.ts';

/** Devices provisioned for the FIWARE IoT Agent for JSON, and for topics without the protocol level. */
export default {
  name: 'iota-json',
  title: { sl: 'FIWARE IoT Agent, JSON', en: 'FIWARE IoT Agent, JSON' },
  topics: [
    '/json/+/+/attrs',
    '/json/+/+/attrs/+',
    'json/+/+/attrs',
    'json/+/+/attrs/+',
    '/+/+/attrs',
    '/+/+/attrs/+',
    '+/+/attrs',
    '+/+/attrs/+',
    '/json/+/+/cmdexe',
    'json/+/+/cmdexe',
    '/+/+/cmdexe',
    '+/+/cmdexe',
  ],
  open,
  command,
} satisfies Envelope;
