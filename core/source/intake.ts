import { mayNestDeeper } from '../decode/payload.ts';
import { DeviceNews } from '../entity/device-news.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { passMessage, type AgentKnowledge, type Passage } from '../pipeline.ts';
import type { Envelope, Memory, MqttMessage } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { findEnvelope } from './topic-index.ts';

export interface IntakeOptions {
  readonly knowledge: AgentKnowledge;
  readonly outbox: Outbox;
  /** Called after the commit of each message, for metrics. `plugin` as in `Origin`. */
  onPassage?(plugin: string, passage: Passage, message: MqttMessage): void;
  /** Publishes what an envelope asks its senders, for example for the births of a Sparkplug node. */
  publish?(topic: string, payload: Uint8Array): void;
}

/** Keys that envelopes remember; the oldest go first. */
const mostRemembered = 50_000;

/** No sensor needs more; a message beyond is kept as a dead letter without being read. */
const largestPayloadBytes = 1024 * 1024;
/** Nesting of JSON beyond which it is not parsed: parsers and walkers recurse. */
const deepestPayload = 64;

/**
 * The door of the line for MQTT messages, whoever brings them: resolves when everything that the message led to is on disk, so that it
 * may be acknowledged. Bad data is no reason to reject: it ends as a dead letter. Rejects only when the outbox was closed meanwhile.
 */
export function createIntake(options: IntakeOptions): (message: MqttMessage) => Promise<Passage> {
  const { outbox } = options;
  const knowledge: AgentKnowledge = { ...options.knowledge, news: new DeviceNews() };
  const envelopeOf = findEnvelope(knowledge.envelopes);
  const memories = new Map<string, Map<string, unknown>>();

  return async function accept(message) {
    const envelope = envelopeOf(message.topic);
    const memory = memories.get(envelope?.name ?? '') ?? new Map<string, unknown>();
    const { plugin, ...passage } = receive(message, envelope, knowledge, memory);
    if (passage.remember !== undefined) memories.set(envelope?.name ?? '', remembering(memory, passage.remember));
    await outbox.append(passage);
    for (const { topic, payload } of passage.ask ?? []) options.publish?.(topic, payload);
    options.onPassage?.(plugin, passage, message);
    return passage;
  };
}

/** Done before the commit: the messages that come meanwhile build on it. */
function remembering(memory: Map<string, unknown>, changes: NonNullable<Passage['remember']>): Map<string, unknown> {
  for (const [key, value] of changes) {
    memory.delete(key);
    if (value !== undefined) memory.set(key, value);
  }
  for (const oldest of memory.keys()) {
    if (memory.size <= mostRemembered) break;
    memory.delete(oldest);
  }
  return memory;
}

/** One message through the guard and the line; `plugin` names who dealt with it. Pure: nothing is kept. */
export function receive(
  message: MqttMessage,
  envelope: Envelope | undefined,
  knowledge: AgentKnowledge,
  memory?: Memory,
): Passage & { readonly plugin: string } {
  const plugin = envelope === undefined ? 'core/source' : `agents/envelopes/${envelope.name}`;
  const fault = guard(message);
  if (fault === undefined && envelope !== undefined) return { ...passMessage(message, envelope, knowledge, memory), plugin };
  const rejection = fault ?? unknownTopic(message.topic, knowledge);
  const origin = { plugin, from: message.topic, receivedAt: message.receivedAt };
  return { publications: [], readings: [], devices: [], deadLetters: [{ origin, rejection, raw: message.payload }], plugin };
}

function unknownTopic(topic: string, { envelopes }: AgentKnowledge): Rejection {
  const filters = envelopes.flatMap(({ topics }) => topics).join(', ');
  return reject('source', 'unknown_topic', `no envelope listens to the topic ${topic}; known are ${filters}`);
}

/** What must not even be parsed. */
function guard({ topic, payload }: MqttMessage): Rejection | undefined {
  if (payload.length > largestPayloadBytes) {
    return reject('source', 'too_large', `the message on ${topic} has ${payload.length} bytes; at most ${largestPayloadBytes} are read`);
  }
  if (
    mayNestDeeper(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), deepestPayload) &&
    isDeeperThan(payload, deepestPayload)
  ) {
    return reject('source', 'too_deep', `the message on ${topic} is nested deeper than ${deepestPayload} levels`);
  }
  return undefined;
}

/** Counts brackets outside strings of what looks like JSON, without parsing it. */
function isDeeperThan(payload: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at];
    if (inText) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) inText = false;
    } else if (byte === 0x22) inText = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limit) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (depth === 0 && byte !== undefined && byte > 0x20) return false;
  }
  return false;
}
