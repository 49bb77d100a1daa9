import type { Envelope } from '#core';

import { command } from './command.ts';
import { open } from './open.ts';

/** What is read where the device puts its topic before the prefix (`FullTopic %topic%/%prefix%/`). */
const read = ['tele/SENSOR', 'tele/STATE', 'tele/LWT', 'stat/STATUS0', 'stat/STATUS8', 'stat/STATUS10', 'stat/STATUS11'];

/** Devices with the Tasmota firmware. Their topic has one or two levels. */
export default {
  name: 'tasmota',
  title: { sl: 'Tasmota', en: 'Tasmota' },
  topics: ['tele/+/+', 'stat/+/+', 'tele/+/+/+', 'stat/+/+/+', ...read.map((end) => `+/${end}`), ...read.map((end) => `+/+/${end}`)],
  open,
  command,
} satisfies Envelope;
