/**
 * Decode, validate, map and check of one uplink, for every decoder with the examples of its folder that give readings: median in µs on one
 * core, the transport and the envelope left out. Prints one JSON object. `--uplinks N` (default 4000) measured for each decoder after a
 * quarter as many to warm up; `--decoder NAME` measures one. `--decoders FOLDER` measures declared decoders of a folder as well, by the examples
 * in their files.
 */
import { parseArgs } from 'node:util';

import { uplinkOfExample } from '../core/decode/declared/examples.ts';
import { passMessage, type AgentKnowledge } from '../core/pipeline.ts';
import type { Decoder, Device, Envelope, Family, Uplink } from '../core/plugin.ts';
import { accepted } from '../core/result.ts';
import { declarationFiles, loadDeclared } from '../core/service/declared.ts';
import { loadKnowledge } from '../core/service/knowledge.ts';
import { examplesOf, uplinkOf } from '../test/contract/agent-examples.ts';

const { values } = parseArgs({
  options: { uplinks: { type: 'string', default: '4000' }, decoder: { type: 'string' }, decoders: { type: 'string' } },
});
const uplinks = Number(values.uplinks);
const knowledge = await loadKnowledge(values.decoders === undefined ? {} : { decodersDir: values.decoders });
const ownExamples = new Map<string, readonly Uplink[]>();
for (const file of values.decoders === undefined ? [] : declarationFiles(values.decoders)) {
  const { declaration } = await loadDeclared(file);
  const reading = (declaration.examples ?? []).filter(({ expected }) => expected.readings !== undefined);
  ownExamples.set(
    declaration.name,
    reading.map((example) => uplinkOfExample(example, declaration.name)),
  );
}
const families = [...knowledge.agents.families.values()];

const medians: Record<string, { uplinkMicroseconds: number; body: string; family: string; examples: number }> = {};
for (const decoder of knowledge.agents.decoders.values()) {
  if (values.decoder !== undefined && decoder.name !== values.decoder) continue;
  const examples = ownExamples.get(decoder.name) ?? shippedExamples(decoder.name);
  const family = familyOf(decoder, examples);
  medians[decoder.name] = {
    uplinkMicroseconds: measure(decoder, family, examples),
    body: examples[0]?.body.kind ?? 'none',
    family: family.name,
    examples: examples.length,
  };
}
console.log(JSON.stringify({ uplinks, node: process.version, decoders: medians }, undefined, 2));

function shippedExamples(decoder: string): readonly Uplink[] {
  return examplesOf('decoders', decoder)
    .filter(({ example }) => (example.expected.readings ?? []).length > 0)
    .map(({ example }) => uplinkOf(example));
}

/** The family that makes most of what the examples say. */
function familyOf(decoder: Decoder, examples: readonly Uplink[]): Family {
  const quantities = examples.flatMap((uplink) =>
    decoder.decode(uplink).values.flatMap((record) => decoder.readings(record).map((r) => r.quantity)),
  );
  const known = (family: Family): number => quantities.filter((quantity) => family.quantities.includes(quantity)).length;
  return families.reduce((best, family) => (known(family) > known(best) ? family : best));
}

function measure(decoder: Decoder, family: Family, examples: readonly Uplink[]): number {
  const device: Device = {
    id: 'bench',
    decoder: decoder.name,
    family: family.name,
    location: [14.0262, 46.0031],
    datum: 4.35,
    period: 900,
  };
  const agents: AgentKnowledge = { ...knowledge, ...knowledge.agents, device: () => device };
  const envelopes = examples.map((uplink): Envelope => ({
    name: 'bench',
    title: { sl: 'meritev', en: 'bench' },
    topics: [],
    open: () => accepted(uplink),
  }));
  const message = { topic: 'bench', payload: new Uint8Array(), receivedAt: '2026-03-02T08:15:00.000Z' };
  const took: number[] = [];
  for (let i = -uplinks / 4; i < uplinks; i++) {
    const envelope = envelopes[Math.abs(Math.floor(i)) % envelopes.length];
    if (envelope === undefined) break;
    const start = process.hrtime.bigint();
    passMessage(message, envelope, agents);
    if (i >= 0) took.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  took.sort((a, b) => a - b);
  return Number((took[Math.floor(took.length / 2)] ?? 0).toFixed(2));
}
