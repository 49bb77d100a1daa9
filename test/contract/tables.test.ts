import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { packageRoot } from '../../core/paths.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { readTableFile } from '../../core/service/tables.ts';
import { dryRunLines } from '../../core/source/dry-run.ts';
import { readDataset } from '../../core/source/formats/read.ts';
import { runOver } from './adapter-run.ts';

const knowledge = await loadKnowledge();
const root = join(packageRoot, 'adapters', '_table', 'examples');

describe.each(readdirSync(root))('the table %s', (name) => {
  const folder = join(root, name);
  const adapter = readTableFile(join(folder, 'mapping.yaml'), knowledge.models);
  const file = readdirSync(folder).find((entry) => entry.startsWith('input.')) ?? 'input';
  const bytes = readFileSync(join(folder, file));
  const entitiesOf = async () => {
    const { consignments } = await runOver(adapter, knowledge, bytes, file);
    return consignments.flatMap(({ publications }) => publications.map(({ entity }) => entity));
  };

  it('becomes what is expected, each time', async () => {
    const { report, consignments } = await runOver(adapter, knowledge, bytes, file);
    const lines = dryRunLines(consignments, report.received).join('\n') + '\n';
    if (process.env['KLAVZE_GOLDEN'] === 'write') writeFileSync(join(folder, 'expected.ndjson'), lines);
    expect(lines).toBe(readFileSync(join(folder, 'expected.ndjson'), 'utf8'));
    expect(lines).toContain('{"entity":');
    expect(lines).toContain('{"rejection":');
    const again = await runOver(adapter, knowledge, bytes, file);
    expect(dryRunLines(again.consignments, again.report.received).join('\n') + '\n').toBe(lines);
  });

  it('accounts for each row: an entity, a reason, or both', async () => {
    const { report, consignments } = await runOver(adapter, knowledge, bytes, file);
    const parsed = await readDataset(bytes, adapter.format, file);
    expect(report.outcome).toBe('published');
    expect(report.received + report.filtered).toBe(parsed.ok ? parsed.value.rows.length : 0);
    expect(consignments).toHaveLength(report.received);
    for (const { publications, deadLetters } of consignments) expect(publications.length + deadLetters.length).toBeGreaterThan(0);
    for (const { rejection } of consignments.flatMap(({ deadLetters }) => deadLetters)) {
      expect(rejection.code).not.toBe('plugin_failure');
      expect(rejection.code === 'missing_attribute' || /line \d+/.test(rejection.message) || rejection.pointer !== undefined).toBe(true);
    }
  });

  it('keeps the ids when rows move, and stays in Slovenia', async () => {
    const entities = await entitiesOf();
    for (const { id, location } of entities) {
      expect(id).toMatch(/^urn:ngsi-ld:\w+:[\w.:-]+$/);
      if (typeof location !== 'object' || location.type !== 'GeoProperty' || location.value.type !== 'Point') continue;
      const [longitude, latitude] = location.value.coordinates;
      expect(longitude > 13 && longitude < 17 && latitude > 45 && latitude < 47).toBe(true);
    }
    if (!file.endsWith('.csv')) return;
    // The last row first: the same things, whatever their order. The title and the header stay above.
    const lines = bytes.toString().trimEnd().split('\n');
    const head = lines.findIndex((line) => line.split(';').every((cell) => cell !== ''));
    const turned = [...lines.slice(0, head + 1), ...lines.slice(head + 1).reverse()].join('\n');
    const { consignments } = await runOver(adapter, knowledge, Buffer.from(turned), file);
    const ids = new Set(consignments.flatMap(({ publications }) => publications.map(({ entity }) => entity.id)));
    expect(ids).toEqual(new Set(entities.map(({ id }) => id)));
  });
});
