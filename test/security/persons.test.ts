/** Persons are planted into every text of every source: nothing of them may reach the lake. */
import { describe, expect, it } from '@jest/globals';

import { passMessage, passRow, type AgentKnowledge, type Passage } from '../../core/pipeline.ts';
import type { Device, Row } from '../../core/plugin.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { readDataset } from '../../core/source/formats/read.ts';
import { examplesOf, messageOf } from '../contract/agent-examples.ts';
import { examplesOf as filesOf } from '../contract/adapter-run.ts';

const knowledge = await loadKnowledge();
const { envelopes, families } = knowledge.agents;
/** As people write it into a field for remarks. */
const person = ' – kličite Janez Novak, 041 123 456, janez.novak@example.si, EMŠO 0101006500006';
const fields = {
  ime: 'Janez',
  priimek: 'Novak',
  telefon: 41123456,
  'E-pošta': 'janez@novak',
  emso: '0101006500006',
  registrska_stevilka: 'GO AB-123',
};
const traces = /novak|041.?123.?456|41123456|janez|0101006500006|GO AB-123/i;
const mostPlaces = 60;

/** Copies of a value, each with the person at the end of another text. */
function planted(value: unknown): unknown[] {
  const places: (readonly (string | number)[])[] = [];
  const walk = (one: unknown, path: readonly (string | number)[]): void => {
    if (typeof one === 'string') places.push(path);
    else if (typeof one === 'object' && one !== null)
      for (const [key, member] of Object.entries(one)) walk(member, [...path, Array.isArray(one) ? Number(key) : key]);
  };
  walk(value, []);
  const copies = places.slice(0, mostPlaces).map((path) => {
    const copy = { root: structuredClone(value) };
    let at = copy as Record<string | number, unknown>;
    let key: string | number = 'root';
    for (const next of path) {
      at = at[key] as Record<string | number, unknown>;
      key = next;
    }
    at[key] = `${at[key] as string}${person}`;
    return copy.root;
  });
  const more = typeof value === 'object' && value !== null && !Array.isArray(value) ? [{ ...structuredClone(value), ...fields }] : [];
  return [...copies, ...more];
}

function expectNobody(passage: Passage, planting: unknown): void {
  for (const { entity } of passage.publications) {
    const text = JSON.stringify(entity);
    if (traces.test(text)) expect({ planting, entity }).toBe('without the person');
  }
}

describe.each([...knowledge.adapters.values()].map((adapter) => ({ name: adapter.name, adapter })))(
  'adapter $name',
  ({ name, adapter }) => {
    it('publishes no person, whatever text of a row names one', async () => {
      let tried = 0;
      for (const { bytes, file } of filesOf(name)) {
        const parsed = await readDataset(bytes, adapter.format, file, adapter.maxBytes);
        if (!parsed.ok) continue;
        const { header, rows } = parsed.value;
        for (const row of rows.slice(0, 2)) {
          for (const copy of planted(row)) {
            const source = { header, rows: [copy as Row], fetchedAt: '2030-01-01T00:00:00.000Z', from: file };
            expectNobody(passRow(copy as Row, 1, source, file, adapter, knowledge), copy);
            tried++;
          }
        }
      }
      expect(tried).toBeGreaterThan(0);
    });
  },
);

function agents(device: Partial<Device>, more: Partial<AgentKnowledge> = {}): AgentKnowledge {
  const own: Device = { id: 'own-1', family: 'air-quality', location: [14.03, 46], datum: 5, period: 900, totalSpots: 9, ...device };
  return { ...knowledge, ...knowledge.agents, device: () => own, ...more };
}

describe.each(envelopes.map((envelope) => ({ name: envelope.name, envelope })))('envelope $name', ({ name, envelope }) => {
  it('publishes no person, whatever text of a message names one', () => {
    let tried = 0;
    for (const { example } of examplesOf('envelopes', name)) {
      const message = messageOf(example);
      const { text } = example;
      const texts = typeof text === 'string' ? [`${text}${person}`] : planted(example.payload).map((copy) => JSON.stringify(copy));
      for (const payload of example.hex === undefined ? texts : [person]) {
        for (const family of ['air-quality', 'weather']) {
          expectNobody(passMessage({ ...message, payload: Buffer.from(payload) }, envelope, agents({ family })), payload);
          tried++;
        }
      }
    }
    expect(tried).toBeGreaterThan(0);
  });
});

describe('what the operator or a tool says of a device', () => {
  const topic = 'klavze/own-1/up';
  const envelope = envelopes.find((one) => one.name === 'klavze');
  const message = { topic, payload: Buffer.from('{"readings":{"temperature":18.4,"pm10":20}}'), receivedAt: '2026-05-01T10:00:00.000Z' };

  it.each([...families.keys()])('names no person: owner, name and place of a device of %s', (family) => {
    for (const device of [{ owner: `občan${person}` }, { name: { sl: `postaja${person}` } }, { addressLocality: `Idrija${person}` }])
      if (envelope !== undefined) expectNobody(passMessage(message, envelope, agents({ family, ...device })), device);
    expect(envelope).toBeDefined();
  });

  it('nor does a text that a provisioned device sends', () => {
    const iot = envelopes.find((one) =>
      one.topics.some((filter) => filter.startsWith('json/') || filter.startsWith('/json/') || filter.includes('attrs')),
    );
    const provisioned = () => ({
      deviceId: 'own-1',
      entityName: 'urn:ngsi-ld:Thing:1',
      entityType: 'Thing',
      attributes: [],
      staticAttributes: [{ name: 'note', type: 'Text', value: 'po pogodbi' }],
      explicitAttrs: false,
    });
    const send = (value: object) =>
      passMessage(
        { topic: '/json/key/own-1/attrs', payload: Buffer.from(JSON.stringify(value)), receivedAt: message.receivedAt },
        iot as NonNullable<typeof iot>,
        { ...agents({}), device: () => undefined, provisioned },
      );
    expect(send({ remark: 'vse v redu' }).publications).toHaveLength(1);
    const passage = send({ remark: `odprto${person}` });
    expectNobody(passage, 'remark');
    expect(passage.deadLetters.map(({ rejection: { code } }) => code)).toEqual(['personal_data']);
  });
});
