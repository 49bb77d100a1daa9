import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { check } from '../../core/entity/check.ts';
import { isDeviceQuantity } from '../../core/entity/device.ts';
import { attributesOf, type Entity } from '../../core/entity/entity.ts';
import { briefOf } from '../../core/outbox/watermarks.ts';
import { passMessage } from '../../core/pipeline.ts';
import type { Device, Envelope, MqttMessage, Uplink } from '../../core/plugin.ts';
import { rejectionCodes } from '../../core/rejection.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createValidator } from '../../core/validate/validate.ts';
import {
  examplesOf,
  folderOf,
  messageOf,
  runDecoder,
  runEnvelope,
  runFamily,
  uplinkOf,
  writeExpected,
  type Expected,
  type Kind,
} from './agent-examples.ts';

const knowledge = await loadKnowledge();
const { envelopes, decoders, families } = knowledge.agents;
const now = '2030-01-01T00:00:00.000Z';
const ownProperties = Object.getOwnPropertyNames(Object.prototype).join();

const sections: Record<Kind, readonly string[]> = {
  envelopes: ['What it is', 'Topics', 'Time', 'Fields', 'Traps'],
  decoders: ['What it is', 'Data sheet', 'Fields', 'Traps'],
  families: ['What it is', 'Fields', 'Traps'],
};

afterEach(() => {
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(ownProperties);
});

/** What every plug-in folder must hold, and its examples as its tests. */
function describeFolder(
  kind: Kind,
  plugin: { readonly name: string; readonly title: { sl: string; en: string } },
  run: (example: ReturnType<typeof examplesOf>[number]['example']) => Expected,
): void {
  const folder = folderOf(kind, plugin.name);
  const examples = examplesOf(kind, plugin.name);

  it('is declared whole and its README has every section', () => {
    expect(['index.ts', 'decoder.yaml'].filter((name) => existsSync(join(folder, name)))).toHaveLength(1);
    expect(plugin.title.sl.length).toBeGreaterThan(3);
    expect(plugin.title.en.length).toBeGreaterThan(3);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const section of sections[kind]) expect(readme).toContain(`\n## ${section}\n`);
    if (existsSync(join(folder, 'index.ts'))) expect(readme).toContain('<!-- generated: fields -->');
  });

  it('shows at least one accepted and one refused example', () => {
    expect(
      examples.some(({ example: { expected } }) => (expected.uplinks ?? expected.readings ?? expected.entities ?? []).length > 0),
    ).toBe(true);
    expect(examples.some(({ example: { expected } }) => (expected.rejections ?? []).length > 0)).toBe(true);
  });

  it.each(examples)('$name', async ({ file, example }) => {
    const result = run(example);
    if (process.env['KLAVZE_GOLDEN'] === 'write') await writeExpected(file, result);
    else expect(result).toEqual(example.expected);
    expect(run(example)).toEqual(result);
    expect(example.description.length).toBeGreaterThan(10);
    for (const { code } of result.rejections ?? []) expect(rejectionCodes).toContain(code);
  });
}

describe.each(envelopes.map((envelope) => ({ name: envelope.name, envelope })))('envelope $name', ({ envelope }) => {
  describeFolder('envelopes', envelope, (example) => runEnvelope(envelope, messageOf(example)));

  it('hands on only to decoders that exist', () => {
    for (const { example } of examplesOf('envelopes', envelope.name)) {
      for (const { defaultDecoder } of envelope.open(messageOf(example)).values) expect(decoders.has(defaultDecoder)).toBe(true);
    }
  });

  it('never throws on noise', () => {
    const topics = fc.oneof(...envelope.topics.map((filter) => topicOf(filter)), fc.string());
    fc.assert(
      fc.property(
        topics,
        payloads(examplesOf('envelopes', envelope.name).map(({ example }) => messageOf(example).payload)),
        (topic, payload) => {
          const { values, rejections, event } = envelope.open({ topic, payload, receivedAt: now });
          expect(values.length + rejections.length > 0 || event !== undefined).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('refuses a device id with a wildcard, a separator or a control character', () => {
    const { message, id } = namedIn(envelope);
    for (const bad of ['a+b', 'a#b', 'a\u0000b', 'a b', '', '..', 'x'.repeat(129)]) {
      const renamed = (text: string, by: string): string => text.replaceAll(new RegExp(id, 'gi'), () => by);
      const payload = Buffer.from(renamed(Buffer.from(message.payload).toString(), JSON.stringify(bad).slice(1, -1)));
      const { values, rejections } = envelope.open({ ...message, topic: renamed(message.topic, bad), payload });
      expect(values).toEqual([]);
      expect(rejections.map(({ code }) => code)).toEqual(['id_not_allowed']);
    }
  });
});

describe.each([...decoders.values()].map((decoder) => ({ name: decoder.name, decoder })))('decoder $name', ({ decoder }) => {
  const validator = createValidator();
  describeFolder('decoders', decoder, (example) => runDecoder(decoder, uplinkOf(example), example.device));

  it('has a data sheet, and a record schema that compiles and refuses unknown keys', () => {
    expect(decoder.device.datasheet.length).toBeGreaterThan(5);
    expect(decoder.recordSchema).toHaveProperty('additionalProperties', false);
    expect(validator.fault(decoder.recordSchema, { noSuchKey: 1 })?.code).toBe('schema_violation');
  });

  it('gives only records of its schema and quantities of schemas/quantities.json', () => {
    for (const { example } of examplesOf('decoders', decoder.name)) {
      for (const record of decoder.decode(uplinkOf(example), example.device).values) {
        expect(validator.fault(decoder.recordSchema, record)).toBeUndefined();
        for (const { quantity } of decoder.readings(record)) expect(knowledge.quantities.has(quantity)).toBe(true);
      }
    }
  });

  it('never throws on noise, and gives numbers or a reason', () => {
    const frames = examplesOf('decoders', decoder.name).flatMap(({ example }) => {
      const { body } = uplinkOf(example);
      return body.kind === 'frame' ? [body.bytes] : [];
    });
    const bodies: fc.Arbitrary<Uplink['body']> = fc.oneof(
      fc.record({ kind: fc.constant('frame' as const), bytes: payloads(frames), fPort: fc.nat(255), decoded: jsonish() }),
      fc.record({ kind: fc.constant('frame' as const), bytes: payloads(frames), fPort: fc.nat(255) }),
      fc.record({ kind: fc.constant('json' as const), value: jsonish() }),
      fc.record({ kind: fc.constant('text' as const), text: fc.oneof(fc.string(), pairs()) }),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        const { values, rejections } = decoder.decode({ deviceId: 'd', receivedAt: now, defaultDecoder: decoder.name, body });
        for (const record of values) {
          expect(validator.fault(decoder.recordSchema, record)).toBeUndefined();
          for (const { value } of decoder.readings(record)) expect(Number.isFinite(value)).toBe(true);
        }
        for (const { message } of rejections) expect(message.length).toBeLessThan(1500);
      }),
      { numRuns: 500 },
    );
  });
});

it('every declared decoder can be used', () => {
  expect(knowledge.agents.faults).toEqual([]);
});

it('every quantity speaks of the device or is known to a family', () => {
  const known = new Set([...families.values()].flatMap(({ quantities }) => quantities));
  expect([...knowledge.quantities.keys()].filter((quantity) => !known.has(quantity) && !isDeviceQuantity(quantity))).toEqual([]);
});

describe.each([...families.values()].map((family) => ({ name: family.name, family })))('family $name', ({ family }) => {
  describeFolder('families', family, ({ readings, device }) => runFamily(family, readings ?? [], device as Device));

  it('understands quantities and emits models that exist, in the words of the Device model', () => {
    for (const quantity of family.quantities) expect(knowledge.quantities.has(quantity)).toBe(true);
    for (const type of family.emits) expect(knowledge.models.types.has(type)).toBe(true);
    const allowed = JSON.stringify(knowledge.models.types.get('Device')?.attributes['controlledProperty']);
    for (const word of family.controlledProperty) expect(allowed).toContain(`"${word}"`);
  });

  it('makes entities that the model check takes, with the id of the device in them', () => {
    for (const { example } of examplesOf('families', family.name)) {
      for (const entity of family.map(example.readings ?? [], example.device as Device).values) {
        expect(family.emits).toContain(entity.type);
        expect(`${entity.id}:`).toContain(`urn:ngsi-ld:${entity.type}:${example.device?.id}:`);
        expect(check(entity, knowledge.models, now)).toEqual({ values: [entity], rejections: [] });
      }
    }
  });

  it('makes entities that the model check takes of any possible readings, whatever the registry says of the device', () => {
    const possible = fc.constantFrom(...family.quantities).chain((quantity) => {
      const { minimum = 0, maximum = 1 } = knowledge.quantities.get(quantity) ?? {};
      return fc.record({ quantity: fc.constant(quantity), value: fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) }) });
    });
    const observedFrom = fc.constantFrom('2028-12-31T23:00:00.000Z', '2029-01-01T00:30:00.000Z');
    const reading = fc
      .tuple(possible, fc.constantFrom('2029-01-01T00:00:00.000Z', '2029-01-01T01:00:00.000Z'), fc.option(observedFrom))
      .map(([value, observedAt, from]) => ({ ...value, observedAt, ...(from !== null && { observedFrom: from }) }));
    const registered: fc.Arbitrary<Partial<Device>> = fc.record(
      {
        datum: fc.constant(3),
        period: fc.constantFrom(0.5, 900),
        laneId: fc.constant(2),
        laneDirection: fc.constantFrom('forward', 'backward'),
        totalSpots: fc.constantFrom(1, 40),
        parkingSite: fc.constant('urn:ngsi-ld:OffStreetParking:mestni-trg'),
        phases: fc.constantFrom(1, 3),
        meterType: fc.constant('Water'),
      },
      { requiredKeys: ['datum'] },
    );
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 8 }), registered, (readings, more) => {
        const { values, rejections } = family.map(readings, { id: 'd', family: family.name, location: [14, 46], ...more });
        expect(rejections).toEqual([]);
        const codes = values.flatMap((entity) => check(entity, knowledge.models, now).rejections.map(({ code }) => code));
        // Frost in a room, a level under gauge zero: possible in nature, not in the model.
        expect(codes.filter((code) => code !== 'out_of_model_bounds' && code !== 'no_measurement')).toEqual([]);
      }),
    );
  });

  it('never throws and makes nothing of quantities that are not its own', () => {
    const device: Device = { id: 'd', family: family.name, location: [14, 46], datum: 3 };
    const reading = fc.record({
      quantity: fc.oneof(fc.constantFrom(...knowledge.quantities.keys(), '__proto__', 'constructor'), fc.string()),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      observedAt: fc.constantFrom('2029-01-01T00:00:00.000Z', '2029-01-01T01:00:00.000Z'),
    });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 8 }), (readings) => {
        const foreign = readings.filter(({ quantity }) => !family.quantities.includes(quantity));
        expect(family.map(foreign, device).values).toEqual([]);
        const moments = family.map(readings, device).values.map((entity) => `${entity.id} ${momentOf(entity)}`);
        expect(new Set(moments).size).toBe(moments.length);
      }),
    );
  });
});

it('every message ends as entities, an event or dead letters, whatever arrives on whatever topic', () => {
  const device: Device = { id: 'd', family: 'air-quality', location: [14, 46], datum: 3 };
  const accounts = { ...knowledge, ...knowledge.agents, device: () => device };
  fc.assert(
    fc.property(fc.constantFrom(...envelopes), payloads([]), (envelope, payload) => {
      const topic = (envelope.topics[0] ?? '').replaceAll('+', 'd');
      const passage = passMessage({ topic, payload, receivedAt: now }, envelope, accounts);
      expect(passage.publications.length + passage.deadLetters.length > 0 || passage.event !== undefined).toBe(true);
      expect(passage.deadLetters.map(({ rejection }) => rejection.code)).not.toContain('plugin_failure');
    }),
    { numRuns: 500 },
  );
});

it('a second state of the same form, which skips what was found of the first, is published as the first was', () => {
  let short = 0;
  for (const family of families.keys()) {
    const device: Device = { id: 'd', family, location: [14, 46], datum: 3, phases: 3, name: { sl: 'Trg', en: 'Square' }, owner: 'Občina' };
    const accounts = { ...knowledge, ...knowledge.agents, device: () => device };
    for (const envelope of envelopes) {
      for (const { name, example } of examplesOf('envelopes', envelope.name)) {
        const message = { ...messageOf(example), receivedAt: now };
        const [first, second] = [passMessage(message, envelope, accounts), passMessage(message, envelope, accounts)];
        for (const [place, { entity, json, brief }] of second.publications.entries()) {
          expect({ name, entity }).toEqual({ name, entity: first.publications[place]?.entity });
          if (json === undefined) continue;
          short++;
          expect(JSON.parse(json)).toEqual(entity);
          expect(brief).toEqual(briefOf(entity));
        }
      }
    }
  }
  expect(short).toBeGreaterThan(50);
});

/** When the entity was measured: every measured attribute says it. */
function momentOf(entity: Entity): string | undefined {
  return attributesOf(entity).find(([, { observedAt }]) => observedAt !== undefined)?.[1].observedAt;
}

/** An accepted example of one device, and the id that names it: in the topic where it can, else in the payload. */
function namedIn(envelope: Envelope): { readonly message: MqttMessage; readonly id: string } {
  const candidates = examplesOf('envelopes', envelope.name).flatMap(({ example }) => {
    const id = example.expected.uplinks?.length === 1 ? example.expected.uplinks[0]?.deviceId : undefined;
    if (id === undefined) return [];
    // SensorThings: `datastream-<id>`; Sparkplug: `<group>.<node>`. A digit or two may stand anywhere.
    const names = [id, id.replace(/^[a-z]+-/, ''), id.split('.').at(-1) ?? id].filter((name) => name.length > 2);
    return names.map((name) => ({ message: messageOf(example), id: name }));
  });
  const holds = (text: string, id: string): boolean => text.toLowerCase().includes(id.toLowerCase());
  const found =
    candidates.find(({ message, id }) => holds(message.topic, id)) ??
    candidates.find(({ message, id }) => holds(Buffer.from(message.payload).toString(), id));
  if (found === undefined) throw new Error(`${envelope.name} has no accepted example that shows its device id`);
  return found;
}

function topicOf(filter: string): fc.Arbitrary<string> {
  return fc
    .array(fc.oneof(fc.constantFrom('idrija-17', '24e124713b000017', 'up', 'pm10', 'attrs'), fc.string()), { minLength: 4, maxLength: 4 })
    .map((levels) => {
      let next = 0;
      return filter.replace(/\+/g, () => levels[next++ % 4] ?? '');
    });
}

/** Bytes of every kind: noise, texts, JSON, and real payloads cut short or made longer. */
function payloads(real: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const noise = [
    fc.uint8Array({ maxLength: 80 }),
    fc.string().map((text) => Buffer.from(text)),
    jsonish().map((value) => Buffer.from(JSON.stringify(value) ?? '')),
  ];
  if (real.length === 0) return fc.oneof(...noise);
  const cut = fc.tuple(fc.constantFrom(...real), fc.nat(), fc.uint8Array({ maxLength: 8 })).map(([bytes, at, tail]) => {
    const length = at % (bytes.length + 1);
    return new Uint8Array([...bytes.subarray(0, length), ...tail]);
  });
  return fc.oneof(...noise, cut);
}

/** JSON that comes near to real messages: known names with values of every kind. */
function jsonish(): fc.Arbitrary<unknown> {
  const name = fc.constantFrom(
    'pm10',
    'temperature',
    'h',
    'observedAt',
    'readings',
    'TimeInstant',
    '__proto__',
    'constructor',
    'bn',
    'bt',
    'n',
    'v',
    'u',
    't',
    'battery',
    'value',
    'unit',
    'result',
    'uplink_message',
    'end_device_ids',
    'data',
    'object',
    'rxInfo',
  );
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('30.11 °C', '1e309', 'NaN', '2026-03-02T08:15:00Z', 'Cel', 1e308, -1, 32767, '3,5', null),
  );
  const flat = fc.array(fc.tuple(name, value), { maxLength: 6 }).map((entries) => Object.fromEntries(entries));
  const nested = fc.tuple(flat, name, flat).map(([outer, key, inner]) => ({ ...outer, [key]: inner }));
  return fc.oneof(flat, nested, fc.array(flat, { maxLength: 3 }), fc.jsonValue());
}

function pairs(): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom('t', '21.5', 'pm10', '2026-03-02T08:15:00Z', '', 'null', '#'), { maxLength: 8 })
    .map((parts) => parts.join('|'));
}
