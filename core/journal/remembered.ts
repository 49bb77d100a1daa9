import type { Envelope, Memory, MqttMessage, Opened } from '../plugin.ts';

/** Messages of an envelope that remembers nothing, until it is held to be one that never does. */
const trials = 50;

/** What envelopes remember from one message to the next, as the intake keeps it while messages arrive. */
export class Remembered {
  private readonly memories = new Map<string, Map<string, unknown>>();
  private readonly tried = new Map<string, number>();

  of(envelope: Envelope | undefined): Memory {
    return this.memories.get(envelope?.name ?? '') ?? new Map();
  }

  note(envelope: Envelope | undefined, changes: Opened['remember']): void {
    if (envelope === undefined || changes === undefined) return;
    let memory = this.memories.get(envelope.name);
    if (memory === undefined) this.memories.set(envelope.name, (memory = new Map()));
    for (const [key, value] of changes) {
      if (value === undefined) memory.delete(key);
      else memory.set(key, value);
    }
  }

  /** A message that came before those that are replayed: only what it leaves in the memory counts. */
  warm(envelope: Envelope | undefined, message: MqttMessage): void {
    const tries = this.tried.get(envelope?.name ?? '') ?? 0;
    if (envelope === undefined || (tries >= trials && !this.memories.has(envelope.name))) return;
    this.tried.set(envelope.name, tries + 1);
    try {
      this.note(envelope, envelope.open(message, this.of(envelope)).remember);
    } catch {
      // A defect of a plug-in is told where its messages are replayed.
    }
  }
}
