import type { Envelope } from '#core';

import { command } from './command.ts';
import { open } from './open.ts';

/** Shelly devices of the second generation and newer. */
export default {
  name: 'shelly-gen2',
  title: { sl: 'Shelly, 2. generacija in novejše', en: 'Shelly Gen2 and newer' },
  topics: ['+/events/rpc', '+/status/+', '+/online', 'klavze/+/rpc'],
  open,
  command,
} satisfies Envelope;
