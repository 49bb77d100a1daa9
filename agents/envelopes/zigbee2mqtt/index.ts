import type { Envelope } from '#core';

import { command } from './command.ts';
import { open } from './open.ts';

/** Zigbee devices behind Zigbee2MQTT. */
export default {
  name: 'zigbee2mqtt',
  title: { sl: 'Zigbee2MQTT', en: 'Zigbee2MQTT' },
  topics: ['zigbee2mqtt/#', 'zigbee/#'],
  open,
  command,
} satisfies Envelope;
