import type { StateStore } from '../outbox/outbox.ts';

/** What has to be known of devices for commands to reach them, kept over a restart. */
interface Kept {
  /** Device id → envelope and topic of its last message. */
  readonly heard: Readonly<Record<string, readonly [envelope: string, topic: string]>>;
  /** Reference → name of the command. */
  readonly sent: readonly (readonly [reference: string, name: string])[];
}

export interface CommandLedger {
  /** A message of devices that take commands was taken in. */
  heard(envelope: string, topic: string, devices: readonly string[]): void;
  lastHeard(device: string): readonly [envelope: string, topic: string] | undefined;
  sent(reference: string, name: string): void;
  commandOf(reference: string): string | undefined;
}

const ledgerKey = 'core/commands';
/** Answers come within minutes, of sleeping devices within a day. */
const mostSent = 1000;

/** Written when a device is heard on a topic for the first time, and with each command: not with every message. */
export function openCommandLedger(state: StateStore): CommandLedger {
  const kept = state.get(ledgerKey) as Kept | undefined;
  const heard = new Map(Object.entries(kept?.heard ?? {}));
  const sent = new Map(kept?.sent ?? []);
  const known = new Set([...heard].map(([id, way]) => JSON.stringify([id, ...way])));
  const keep = (): void => state.set(ledgerKey, { heard: Object.fromEntries(heard), sent: [...sent] } satisfies Kept);
  return {
    heard(envelope, topic, devices) {
      const before = known.size;
      for (const id of devices) {
        heard.set(id, [envelope, topic]);
        known.add(JSON.stringify([id, envelope, topic]));
      }
      if (known.size > before) keep();
    },
    lastHeard: (device) => heard.get(device),
    sent(reference, name) {
      sent.set(reference, name);
      for (const oldest of sent.keys()) {
        if (sent.size <= mostSent) break;
        sent.delete(oldest);
      }
      keep();
    },
    commandOf: (reference) => sent.get(reference),
  };
}
