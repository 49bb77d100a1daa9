import type { AgentKnowledge } from '../pipeline.ts';
import type { Device, Instant } from '../plugin.ts';
import { tryMessage } from './try.ts';

/** Values that lie within the bounds of most quantities; the first that gives an entity is taken. */
const samples = [1, 12.5, 0.5, 50, 400, 1000];

/** Topic and payload with which a first message of a device can be published by hand. */
export interface FirstMessage {
  readonly topic: string;
  readonly payload: string;
}

/**
 * A message in the form of the sensor contract that this device's entry turns into an entity without a refusal; undefined when its
 * decoder reads something else (frames) or its family asks for more than one quantity.
 */
export function firstMessage(device: Device, knowledge: AgentKnowledge, now: Instant): FirstMessage | undefined {
  const topic = `klavze/${device.id}/up`;
  const registered = { ...knowledge, device: () => device };
  for (const quantity of knowledge.families.get(device.family)?.quantities ?? []) {
    for (const value of samples) {
      const payload = JSON.stringify({ readings: { [quantity]: value } });
      const { publications, deadLetters } = tryMessage({ topic, payload: Buffer.from(payload), receivedAt: now, knowledge: registered });
      const isFine = publications.some(
        ({ entity }) => entity.type !== 'Device' && !JSON.stringify(entity).includes('outsidePhysicalBounds'),
      );
      if (isFine && deadLetters.length === 0) return { topic, payload };
    }
  }
  return undefined;
}
