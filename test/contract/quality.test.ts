import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import template from '../../adapters/_template/index.ts';
import { packageRoot } from '../../core/paths.ts';
import { loadAdapters } from '../../core/service/plugins.ts';
import { createValidator } from '../../core/validate/validate.ts';
import { faultsOf, qualityOf, tiers, type Quality } from '../../tools/quality.ts';

const adapters = await loadAdapters();
const root = join(packageRoot, 'adapters');
// `_table` holds mappings, which are no adapters: their examples are run by tables.test.ts.
const folders = readdirSync(root).filter((name) => name !== '_table');
const schema = JSON.parse(readFileSync(join(packageRoot, 'schemas', 'quality.schema.json'), 'utf8')) as {
  readonly properties: { readonly rules: { readonly required: readonly string[] } };
};
const rules: readonly string[] = Object.values(tiers).flat();

describe.each(folders)('the quality of %s', (name) => {
  const adapter = name === '_template' ? template : adapters.get(name);
  const folder = join(root, name);

  it('is written down and keeps what it claims', () => {
    if (adapter === undefined) throw new Error(`${name} is no adapter`);
    const quality = qualityOf(folder);
    expect(createValidator().fault(schema, quality)).toBeUndefined();
    expect(faultsOf(adapter, folder, quality)).toEqual([]);
  });

  it('shows what its times become when clocks change, or says why they do not', () => {
    expect(qualityOf(folder).rules['clock-change-case']).not.toBe('todo');
  });
});

describe('a tier that is claimed', () => {
  const adapter = adapters.get('arso-air') ?? template;
  const folder = join(root, 'arso-air');
  const good: Quality = {
    tier: 'silver',
    owner: 'maintainers',
    reviewed: '2026-06-01',
    sample: '2026-04-03',
    rules: Object.fromEntries(rules.map((rule) => [rule, 'done'])),
  };

  it('is believed when its rules are done or exempt', () => {
    expect(faultsOf(adapter, folder, good)).toEqual([]);
    expect(faultsOf(adapter, folder, { ...good, rules: { ...good.rules, owner: { exempt: 'nobody is needed' } } })).toEqual([]);
  });

  it('is refused with an open rule of it or of a tier below, not of one above', () => {
    expect(faultsOf(adapter, folder, { ...good, rules: { ...good.rules, owner: 'todo' } })).toEqual([
      'silver is claimed, but owner is not done',
    ]);
    expect(faultsOf(adapter, folder, { ...good, rules: { ...good.rules, 'stable-ids': 'todo' } })).toHaveLength(1);
    expect(faultsOf(adapter, folder, { ...good, rules: { ...good.rules, canary: 'todo' } })).toEqual([]);
  });

  it('is refused when a machine sees that a rule is not kept', () => {
    expect(faultsOf(adapter, folder, { ...good, sample: '2024-03-07' })[0]).toContain('more than a year before');
    expect(faultsOf(adapter, folder, { ...good, owner: ' ' })[0]).toContain('nobody is named');
    expect(faultsOf(adapter, join(root, 'gurs-rpe'), good).join()).toContain('clock-change-case is called done');
    expect(faultsOf({ ...adapter, name: 'other' }, folder, good)[0]).toContain('name-is-folder');
  });
});

it('has a section of docs/quality.md and a place in the schema for each rule, and no other', () => {
  const page = readFileSync(join(packageRoot, 'docs', 'quality.md'), 'utf8');
  const sections = [...page.matchAll(/^### (.+)$/gm)].map((match) => match[1]);
  expect(sections).toEqual(rules);
  expect(schema.properties.rules.required).toEqual(rules);
});
