import type { StoredDeadLetter } from '../outbox/outbox.ts';
import type { AgentKnowledge } from '../pipeline.ts';
import type { Device, MqttMessage, Uplink } from '../plugin.ts';
import { findEnvelope } from '../source/topic-index.ts';
import { tryMessage, type Attempt } from './try.ts';

/** A message that was kept among the dead letters, and the transmissions in it. */
export interface KeptMessage {
  readonly message: MqttMessage;
  /** All that was refused of it. */
  readonly letters: readonly [StoredDeadLetter, ...StoredDeadLetter[]];
  readonly uplinks: readonly Uplink[];
}

/** Messages of agents among dead letters, opened anew. */
export function keptMessages(letters: readonly StoredDeadLetter[], { envelopes }: AgentKnowledge): KeptMessage[] {
  const envelopeOf = findEnvelope(envelopes);
  const kept = new Map<string, { message: MqttMessage; letters: [StoredDeadLetter, ...StoredDeadLetter[]]; uplinks: Uplink[] }>();
  for (const letter of letters) {
    const { plugin, from: topic, receivedAt } = letter.origin;
    const envelope = envelopeOf(topic);
    if (!plugin.startsWith('agents/') || letter.rejection.stage === 'deliver' || envelope === undefined) continue;
    const key = JSON.stringify([topic, receivedAt, Buffer.from(letter.raw).toString('base64')]);
    const known = kept.get(key);
    const message = { topic, payload: letter.raw, receivedAt };
    if (known === undefined) kept.set(key, { message, letters: [letter], uplinks: envelope.open(message).values });
    else known.letters.push(letter);
  }
  return [...kept.values()];
}

/** The kept messages of one device, by any id under which a network names it. */
export function keptOf(kept: readonly KeptMessage[], ids: readonly string[]): KeptMessage[] {
  const wanted = new Set(ids.map((id) => id.toLowerCase()));
  return kept.filter(({ uplinks }) => uplinks.some((uplink) => idsOf(uplink).some((id) => wanted.has(id.toLowerCase()))));
}

export function idsOf({ deviceId, alsoKnownAs = [] }: Uplink): string[] {
  return [deviceId, ...alsoKnownAs];
}

/** How well a family and a decoder read what a device sent. */
export interface Proposal {
  readonly family: string;
  readonly decoder?: string;
  /** Readings that became part of an entity's way, and refusals, over the messages that were tried. */
  readonly readings: number;
  readonly refusals: number;
}

const mostTried = 5;

/**
 * What the device may be, best first: every family, with the decoder of its network's topic or, where none of the messages is read so,
 * with each decoder for frames; those that give no entity but the Device are left out.
 */
export function propose(kept: readonly KeptMessage[], knowledge: AgentKnowledge, decoder?: string): Proposal[] {
  const messages = kept.slice(-mostTried);
  const given = decoder === undefined ? [undefined] : [decoder];
  const own = rank(messages, knowledge, given);
  if (own.length > 0 || decoder !== undefined) return own;
  return rank(messages, knowledge, [...knowledge.decoders.keys()]);
}

function rank(messages: readonly KeptMessage[], knowledge: AgentKnowledge, decoders: readonly (string | undefined)[]): Proposal[] {
  const proposals: Proposal[] = [];
  for (const decoder of decoders) {
    for (const family of knowledge.families.keys()) {
      const attempts = messages.map((message) => attempt(message, knowledge, family, decoder));
      const made = attempts.flatMap(({ publications }) => publications).filter(({ entity }) => entity.type !== 'Device').length;
      if (made === 0) continue;
      const readings = attempts.reduce((sum, one) => sum + one.readings.length, 0);
      const refusals = attempts.reduce((sum, one) => sum + one.deadLetters.length, 0);
      proposals.push({ family, ...(decoder === undefined ? {} : { decoder }), readings, refusals });
    }
  }
  return proposals.sort((a, b) => a.refusals - b.refusals || b.readings - a.readings);
}

function attempt({ message }: KeptMessage, knowledge: AgentKnowledge, family: string, decoder?: string): Attempt {
  const stranger = { ...knowledge, device: (uplink: Uplink): Device => trial(uplink, family, decoder) };
  return tryMessage({ ...message, knowledge: stranger });
}

/** Complete enough for every family: what only the operator knows is taken as something harmless, since nothing is published. */
function trial({ deviceId }: Uplink, family: string, decoder: string | undefined): Device {
  const base = {
    id: deviceId.replace(/[^A-Za-z0-9._-]/g, '-'),
    family,
    location: [14.0303, 46.0028] as const,
    datum: 50,
    period: 900,
    totalSpots: 100,
  };
  return decoder === undefined ? base : { ...base, decoder };
}
