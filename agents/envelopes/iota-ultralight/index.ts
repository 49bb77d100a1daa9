import type { Envelope } from '#core';

import { command } from './command.ts';
import { open } from './open.ts';

/** Devices provisioned for the FIWARE IoT Agent for UltraLight 2.0. Topics without `ul` are opened by `iota-json`, which looks at the payload. */
export default {
  name: 'iota-ultralight',
  title: { sl: 'FIWARE IoT Agent, UltraLight 2.0', en: 'FIWARE IoT Agent, UltraLight 2.0' },
  topics: ['/ul/+/+/attrs', '/ul/+/+/attrs/+', 'ul/+/+/attrs', 'ul/+/+/attrs/+', '/ul/+/+/cmdexe', 'ul/+/+/cmdexe'],
  open,
  command,
} satisfies Envelope;
