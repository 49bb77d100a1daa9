/** To which tenant what is measured goes. */
import { describe, expect, it } from '@jest/globals';

import { passMessage, passRow, type AgentKnowledge } from '../../core/pipeline.ts';
import type { Device } from '../../core/plugin.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { readDataset } from '../../core/source/formats/read.ts';
import { examplesOf } from '../contract/adapter-run.ts';

const loaded = await loadKnowledge({
  tenants: { 'families/air-quality': 'zrak', 'families/weather': 'mesto', 'adapters/arso-air': 'okolje' },
  broker: { tenant: 'mesto' },
});

function tenantsOf(device: Partial<Device>): (string | undefined)[] {
  const own: Device = { id: 'own-1', family: 'air-quality', location: [14.03, 46], ...device };
  const knowledge: AgentKnowledge = { ...loaded, ...loaded.agents, device: () => own };
  const envelope = knowledge.envelopes.find(({ name }) => name === 'klavze');
  if (envelope === undefined) throw new Error('the envelope is missing');
  const payload = Buffer.from('{"readings":{"pm10":18.4,"temperature":7}}');
  const { publications } = passMessage({ topic: 'klavze/own-1/up', payload, receivedAt: '2026-05-01T10:00:00.000Z' }, envelope, knowledge);
  expect(publications.map(({ entity: { type } }) => type)).toContain('Device');
  return [...new Set(publications.map(({ origin }) => origin.tenant))];
}

describe('what a device measures, and its Device entity, goes to', () => {
  it('the tenant of its family', () => expect(tenantsOf({})).toEqual(['zrak']));
  it('its own, which wins', () => expect(tenantsOf({ tenant: 'posebni' })).toEqual(['posebni']));
  it('the broker’s where none is named', () => expect(tenantsOf({ family: 'indoor' })).toEqual([undefined]));
  it('the broker’s also where that is named, so that an entity has one writer', () => {
    expect(tenantsOf({ family: 'weather' })).toEqual([undefined]);
    expect(tenantsOf({ tenant: 'mesto' })).toEqual([undefined]);
  });
});

it('the rows of an adapter go to its tenant', async () => {
  const adapter = loaded.adapters.get('arso-air');
  if (adapter === undefined) throw new Error('the adapter is missing');
  const tenants = new Set<string | undefined>();
  for (const { bytes, file } of examplesOf('arso-air')) {
    const parsed = await readDataset(bytes, adapter.format, file, adapter.maxBytes);
    const rows = parsed.ok ? parsed.value.rows : [];
    const source = { header: {}, rows, fetchedAt: '2030-01-01T00:00:00.000Z', from: file };
    for (const [n, row] of rows.entries())
      for (const { origin } of passRow(row, n + 1, source, file, adapter, loaded).publications) tenants.add(origin.tenant);
  }
  expect([...tenants]).toEqual(['okolje']);
});

it('a plug-in that does not exist is named', async () => {
  await expect(loadKnowledge({ tenants: { 'adapters/arso-zrak': 'x' } })).rejects.toThrow('tenants names adapters/arso-zrak; known: ');
});
