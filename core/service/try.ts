import type { AgentKnowledge, Passage } from '../pipeline.ts';
import type { Device, Instant } from '../plugin.ts';
import { receive } from '../source/intake.ts';
import { findEnvelope } from '../source/topic-index.ts';

/** One message to be tried, and what may be assumed beyond the registry. */
export interface Trial {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly receivedAt: Instant;
  readonly knowledge: AgentKnowledge;
  /** Family and decoder to take for a device that the registry does not know, and over what it says of one that it knows. */
  readonly family?: string;
  readonly decoder?: string;
}

/** What a message came to; `envelope` is the name of the one that opened it. */
export interface Attempt extends Passage {
  readonly envelope?: string;
}

/** One message through the whole line, nothing kept nor sent. A topic that no envelope listens to is the rejection `unknown_topic`. */
export function tryMessage({ topic, payload, receivedAt, knowledge, family, decoder }: Trial): Attempt {
  const assumed = {
    ...knowledge,
    device: (uplink: Parameters<AgentKnowledge['device']>[0]): Device | undefined => {
      const registered = knowledge.device(uplink);
      if (registered === undefined && family === undefined) return undefined;
      const base = registered ?? { ...strangerAt, id: uplink.deviceId, family: '' };
      return { ...base, ...(family === undefined ? {} : { family }), ...(decoder === undefined ? {} : { decoder }) };
    },
  };
  const envelope = findEnvelope(knowledge.envelopes)(topic);
  const passage = receive({ topic, payload, receivedAt }, envelope, assumed);
  return envelope === undefined ? passage : { ...passage, envelope: envelope.name };
}

/** Where a device that is only tried is said to stand: the town hall of Idrija. Nothing of it is kept. */
const strangerAt: Pick<Device, 'location'> = { location: [14.0303, 46.0028] };

/** `{"reading":{"quantity","value","unit","observedAt"}}`, one for each reading. */
export function readingLines(passage: Passage, knowledge: AgentKnowledge): string[] {
  return passage.readings.map(({ quantity, value, observedAt }) =>
    JSON.stringify({ reading: { quantity, value, unit: knowledge.quantities.get(quantity)?.unit, observedAt } }),
  );
}

/**
 * The messages of an input file: the whole file when it is one JSON document or binary; else, when every line is a JSON document, one for
 * each line, where `{"topic":…,"payload":…}` names its own topic; else, for a text of several lines, one for each line.
 */
export function messagesOf(file: Uint8Array, topic: string): { readonly topic: string; readonly payload: Uint8Array }[] {
  const text = new TextDecoder('utf-8', { fatal: false }).decode(file);
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (text.includes('\uFFFD') || lines.length === 0) return [{ topic, payload: file }];
  const whole = json(text);
  if (whole !== undefined) return [recorded(whole) ?? { topic, payload: file }];
  const isLines = lines.length > 1 && (lines.every((line) => json(line) !== undefined) || !/^\s*[[{]/.test(text));
  if (!isLines) return [{ topic, payload: file }];
  return lines.map((line) => recorded(json(line)) ?? { topic, payload: Buffer.from(line.trim()) });
}

/** A message that was recorded with its topic. */
function recorded(value: unknown): { readonly topic: string; readonly payload: Uint8Array } | undefined {
  if (typeof value !== 'object' || value === null || !('topic' in value) || !('payload' in value)) return undefined;
  const { topic, payload } = value;
  if (typeof topic !== 'string') return undefined;
  return { topic, payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)) };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The devices of `--device FILE`: a registry, a list of devices, or one device alone, which is then the sender whatever its id.
 * Gives the text of a registry, and the only device where the file describes just that.
 */
export function deviceFile(text: string): { readonly registry: string; readonly isSingle: boolean } {
  const isRegistry = /^(?:\s*(?:#.*)?\n)*\s*(?:\{\s*)?"?devices"?\s*:/.test(text);
  if (isRegistry) return { registry: text, isSingle: false };
  const value = json(text);
  if (value !== undefined)
    return { registry: JSON.stringify({ devices: Array.isArray(value) ? value : [value] }), isSingle: !Array.isArray(value) };
  const isList = /^(?:\s*(?:#.*)?\n)*\s*-\s/.test(text);
  return { registry: `devices:\n${isList ? text : `  - ${text.trim().replaceAll('\n', '\n    ')}`}`, isSingle: !isList };
}
