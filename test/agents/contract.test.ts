import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

import { packageRoot } from '../../core/paths.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { loadDevices } from '../../core/service/devices.ts';
import { tryMessage } from '../../core/service/try.ts';

const require = createRequire(import.meta.url);

interface Contract {
  channels: Record<string, { address: string }>;
  operations: Record<string, { action: 'receive' | 'send'; channel: { $ref: string } }>;
  components: { messages: Record<string, { payload: unknown; examples: { name: string; payload: unknown }[] }> };
}

const contract = parse(readFileSync(join(packageRoot, 'schemas', 'sensor.asyncapi.yaml'), 'utf8')) as Contract;
const payloadSchema = JSON.parse(readFileSync(join(packageRoot, 'schemas', 'sensor.schema.json'), 'utf8')) as object;
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
addFormats.default(ajv);
const isPayload = ajv.compile(payloadSchema);
const knowledge = await loadKnowledge();
const { device } = loadDevices('devices: [{ id: idrija-17, family: air-quality, location: [14.03, 46.0] }]', 'devices.yaml');
const agents = { ...knowledge, ...knowledge.agents, device };

function passes(payload: unknown) {
  return tryMessage({
    topic: 'klavze/idrija-17/up',
    payload: Buffer.from(JSON.stringify(payload)),
    receivedAt: '2026-03-02T09:00:00.000Z',
    knowledge: agents,
  });
}

describe('schemas/sensor.asyncapi.yaml', () => {
  it('is a valid AsyncAPI 3 document', () => {
    const schema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
    const validate = addFormats.default(new Ajv({ strict: false, allErrors: true })).compile(schema);
    validate(contract);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('names the topics that the envelope klavze listens to', () => {
    const addressesOf = (wanted: 'receive' | 'send') =>
      Object.values(contract.operations).flatMap(({ action, channel }) =>
        action === wanted ? [contract.channels[channel.$ref.split('/').at(-1) ?? '']?.address.replace(/\{[^}]+\}/g, '+')] : [],
      );
    const envelope = knowledge.agents.envelopes.find(({ name }) => name === 'klavze');
    expect(addressesOf('receive').sort()).toEqual([...(envelope?.topics ?? [])].sort());
    const order = { heardOn: 'klavze/+/up', name: 'a', value: 1, reference: '' };
    expect(addressesOf('send')).toEqual([(envelope?.command?.(order) as { topic: string }).topic]);
  });

  it.each(contract.components.messages['measurement']?.examples ?? [])(
    'example $name is of the payload schema and goes through the line',
    ({ payload }) => {
      expect(isPayload(payload)).toBe(true);
      const { readings, deadLetters } = passes(payload);
      expect(readings.length).toBeGreaterThan(0);
      expect(deadLetters.filter(({ rejection }) => rejection.stage === 'decode')).toEqual([]);
    },
  );

  it('SenML examples go through the line', () => {
    for (const { payload } of contract.components.messages['senml']?.examples ?? []) {
      expect(passes(payload).readings.map(({ quantity, value }) => [quantity, value])).toEqual([
        ['airTemperature', 4.5],
        ['relativeHumidity', 0.81],
      ]);
    }
  });
});

describe('schemas/sensor.schema.json', () => {
  it('takes every quantity by its name, and so does the line, in its unit', () => {
    for (const [quantity, { minimum, maximum }] of knowledge.quantities) {
      const value = (minimum + maximum) / 2;
      const payload = { observedAt: '2026-03-02T08:14:30Z', readings: { [quantity]: value } };
      expect(isPayload(payload)).toBe(true);
      expect(passes(payload).readings).toEqual([{ quantity, value, observedAt: '2026-03-02T08:14:30.000Z' }]);
    }
  });

  it.each([
    [{}],
    [{ readings: {} }],
    [{ readings: { pm10: '18' } }],
    [{ observedAt: '2026-03-02 08:14', readings: { pm10: 1 } }],
    [{ readings: { pm10: 1 }, rssi: 2 }],
    [[]],
  ])('refuses %j', (payload) => {
    expect(isPayload(payload)).toBe(false);
  });
});
