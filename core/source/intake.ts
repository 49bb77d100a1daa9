import { bytesOf, mayNestDeeper } from '../decode/payload.ts';
import { DeviceNews } from '../entity/device-news.ts';
import type { Done, Outbox } from '../outbox/outbox.ts';
import { passMessage, pluginOf, type AgentKnowledge, type Passage } from '../pipeline.ts';
import type { Envelope, Memory, MqttMessage } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { tooMany, type RateLimit } from '../service/rate.ts';
import { findEnvelope } from './topic-index.ts';

export interface IntakeOptions {
  readonly knowledge: AgentKnowledge;
  readonly outbox: Outbox;
  /** How much one device may send; left out: as much as it likes. */
  readonly limit?: RateLimit | undefined;
  /** Another line than the outbox, where what a message led to belongs to another process. */
  route?(passage: Passage, topic: string): Pick<Outbox, 'append'>;
  /** Told of each message that went through, for metrics; it is not on disk yet. `plugin` as in `Origin`. */
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

/** The door of the line for MQTT messages, whoever brings them. Bad data is no reason to refuse: it ends as a dead letter. */
export interface Intake {
  /** Resolves when everything that the message led to is on disk. Rejects only when the outbox was closed meanwhile. */
  (message: MqttMessage): Promise<Passage>;
  /** The same for those who come by the thousand: `done` is called when the message may be acknowledged, or with the reason why not. */
  take(message: MqttMessage, done: Done): void;
}

export function createIntake(options: IntakeOptions): Intake {
  const { outbox } = options;
  const knowledge: AgentKnowledge = { ...options.knowledge, news: new DeviceNews() };
  const envelopeOf = findEnvelope(knowledge.envelopes);
  const memories = new Map<string, Map<string, unknown>>();

  function pass(message: MqttMessage, done: Done): Passage {
    const envelope = envelopeOf(message.topic);
    const name = envelope?.name ?? '';
    let memory = memories.get(name);
    if (memory === undefined) memories.set(name, (memory = new Map<string, unknown>()));
    let passage = receive(message, envelope, knowledge, memory);
    if (passage.remember !== undefined) memories.set(name, remembering(memory, passage.remember));
    const refused = options.limit?.refused(passage.devices[0] ?? message.topic);
    if (refused !== undefined) passage = withoutExcess(passage, message, envelope, refused);
    options.onPassage?.(envelope === undefined ? 'core/source' : pluginOf(envelope), passage, message);
    const { publications, deadLetters, ask } = passage;
    const asked = ask === undefined ? done : after(done, ask);
    const route = options.route?.(passage, message.topic);
    if (route !== undefined) void route.append({ publications, deadLetters }).then(() => asked(), asked);
    else if (outbox.enqueue !== undefined) outbox.enqueue({ publications, deadLetters }, asked);
    else void outbox.append({ publications, deadLetters }).then(() => asked(), asked);
    return passage;
  }

  /** What is asked of senders is asked when what led to it is safe. */
  function after(done: Done, ask: NonNullable<Passage['ask']>): Done {
    return (error) => {
      done(error);
      if (error === undefined) for (const { topic, payload } of ask) options.publish?.(topic, payload);
    };
  }

  function accept(message: MqttMessage): Promise<Passage> {
    return new Promise((resolve, reject) => {
      const passage = pass(message, (error) => (error === undefined ? resolve(passage) : reject(error as Error)));
    });
  }

  return Object.assign(accept, { take: (message: MqttMessage, done: Done) => void pass(message, done) });
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

/** A message of a device that sends too many: counted, with one in a minute kept to show what it sends. */
function withoutExcess(
  { devices, remember }: Passage,
  { topic, payload, receivedAt }: MqttMessage,
  envelope: Envelope | undefined,
  refused: number,
): Passage {
  const origin = { plugin: envelope === undefined ? 'core/source' : pluginOf(envelope), from: topic, receivedAt };
  const whose = devices[0] === undefined ? `the topic ${topic} brings` : `device "${devices[0]}" sends`;
  const message = `${whose} more than limits.messagesPerSecond allows; refused since the last sample like this one: ${refused}`;
  const deadLetters = refused === 0 ? [] : [{ origin, rejection: reject('source', tooMany, message), raw: payload }];
  return { publications: [], readings: [], devices, deadLetters, event: tooMany, ...(remember !== undefined && { remember }) };
}

/** One message through the guard and the line. Pure: nothing is kept. */
export function receive(message: MqttMessage, envelope: Envelope | undefined, knowledge: AgentKnowledge, memory?: Memory): Passage {
  const fault = guard(message);
  if (fault === undefined && envelope !== undefined) return passMessage(message, envelope, knowledge, memory);
  if (knowledge.owns?.(message.topic) === false) return { publications: [], readings: [], devices: [], deadLetters: [] };
  const rejection = fault ?? unknownTopic(message.topic, knowledge);
  const plugin = envelope === undefined ? 'core/source' : pluginOf(envelope);
  const origin = { plugin, from: message.topic, receivedAt: message.receivedAt };
  return { publications: [], readings: [], devices: [], deadLetters: [{ origin, rejection, raw: message.payload }] };
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
  if (payload.length > 2 * deepestPayload && mayNestDeeper(bytesOf(payload), deepestPayload) && isDeeperThan(payload, deepestPayload)) {
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
