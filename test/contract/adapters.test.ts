import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import template from '../../adapters/_template/index.ts';
import { planState } from '../../core/deliver/plan.ts';
import { check } from '../../core/entity/check.ts';
import { attributesOf, type Entity } from '../../core/entity/entity.ts';
import { advance, momentOf, type Marks } from '../../core/outbox/watermarks.ts';
import { packageRoot } from '../../core/paths.ts';
import { passRow } from '../../core/pipeline.ts';
import type { DatasetFile, Row } from '../../core/plugin.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { dryRunLines } from '../../core/source/dry-run.ts';
import { readDataset } from '../../core/source/formats/read.ts';
import { createValidator } from '../../core/validate/validate.ts';
import { examplesOf, runOver, sharedSamplesOf } from './adapter-run.ts';

const knowledge = await loadKnowledge();
/** The template goes the same way, so that a copy of it starts out right. */
const plugins = [...knowledge.adapters]
  .map(([folder, adapter]) => ({ folder, adapter }))
  .concat({ folder: '_template', adapter: template });
const fetchedAt = '2030-01-01T00:00:00.000Z';
/** What the samples hold beside rows without a value: counters whose clock runs ahead, sensors that stand in other countries. */
const refusedInSamples: Readonly<Record<string, readonly string[]>> = {
  'nap-counters': ['future_time'],
  'sensor-community': ['invalid_location'],
  purpleair: ['invalid_location'],
  'lpt-parking': ['missing_location'],
};
const sections = ['What it is', 'Source and licence', 'Fields', 'Time', 'Traps', 'Stations'];

it('finds the adapters', () => {
  expect([...knowledge.adapters.keys()]).toEqual(expect.arrayContaining(['arso-air', 'arso-hydro', 'arso-meteo']));
});

describe.each(plugins)('$folder', ({ folder: name, adapter }) => {
  const folder = join(packageRoot, 'adapters', name);
  const examples = examplesOf(name);

  it('is named as its folder and is declared whole', () => {
    expect(adapter.name).toBe(name === '_template' ? '__name__' : name);
    expect(existsSync(join(folder, 'index.ts'))).toBe(true);
    const { publisher, landingPage, url, licence, attribution, timezone } = adapter.dataset;
    for (const text of [publisher, licence, attribution, adapter.title.sl, adapter.title.en]) expect(text.length).toBeGreaterThan(3);
    for (const address of [landingPage, url, ...(adapter.history === undefined ? [] : [adapter.history.url])])
      expect(new URL(address).protocol).toMatch(/^https?:$/);
    expect([...Intl.supportedValuesOf('timeZone'), 'UTC']).toContain(timezone);
    for (const type of adapter.emits) expect(knowledge.models.types.has(type)).toBe(true);
    // Where only the holder of a token may read, nobody else can say what.
    if (adapter.authorization?.kind !== 'header') expect(adapter.defaultStations.length).toBeGreaterThan(0);
  });

  it('has a README with every section and a table row with unit code for each attribute that it measures', async () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const section of sections) expect(readme).toContain(`\n## ${section}\n`);
    expect(readme).toContain(`\`vanished\` is \`${adapter.vanished}\``);
    const runs = await Promise.all(examples.map(({ bytes, file }) => runOver(adapter, knowledge, bytes, file)));
    const entities = runs.flatMap(({ consignments }) =>
      consignments.flatMap(({ publications }) => publications.map(({ entity }) => entity)),
    );
    for (const [name, attribute] of entities.flatMap((entity) => attributesOf(entity))) {
      if (attribute.type !== 'Property' || attribute.unitCode === undefined) continue;
      expect(readme).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\(${attribute.unitCode}\\)`, 'm'));
    }
    expect(existsSync(join(folder, 'README.sl.md'))).toBe(true);
  });

  it('has a record schema that compiles and refuses unknown keys', () => {
    expect(createValidator().fault(adapter.recordSchema, { noSuchKey: 1 })?.code).toBe('schema_violation');
    expect(adapter.recordSchema).toHaveProperty('additionalProperties', false);
  });

  it('shows at least one accepted and one refused row', () => {
    const expected = examples.map((example) => readFileSync(join(example.folder, 'expected.ndjson'), 'utf8')).join('');
    expect(expected).toContain('{"entity":');
    expect(expected).toContain('{"rejection":');
  });

  it.each(examples)('gives what the example $name expects, each time', async ({ folder: example, file, bytes }) => {
    const { report, consignments } = await runOver(adapter, knowledge, bytes, file);
    const lines = dryRunLines(consignments, report.received).join('\n') + '\n';
    if (process.env['KLAVZE_GOLDEN'] === 'write') writeFileSync(join(example, 'expected.ndjson'), lines);
    expect(lines).toBe(readFileSync(join(example, 'expected.ndjson'), 'utf8'));
    const again = await runOver(adapter, knowledge, bytes, file);
    expect(dryRunLines(again.consignments, again.report.received).join('\n') + '\n').toBe(lines);
  });

  it('makes only entities it announces, each measured value with its moment', async () => {
    for (const { bytes, file } of examples) {
      const { consignments } = await runOver(adapter, knowledge, bytes, file);
      for (const { entity } of consignments.flatMap(({ publications }) => publications)) {
        expect(adapter.emits).toContain(entity.type);
        const model = knowledge.models.types.get(entity.type);
        for (const [name, attribute] of attributesOf(entity)) {
          if (model?.attributes[name]?.measured === true) expect(attribute.observedAt).toMatch(/Z$/);
          expect(JSON.stringify(attribute)).not.toMatch(/[<>'=;()]/);
        }
      }
    }
  });

  it('says of every entity who made it and where it comes from, where the model allows it', async () => {
    for (const { bytes, file } of examples) {
      const { consignments } = await runOver(adapter, knowledge, bytes, file);
      for (const { entity } of consignments.flatMap(({ publications }) => publications)) {
        const allowed = knowledge.models.types.get(entity.type)?.attributes ?? {};
        for (const name of ['dataProvider', 'source']) {
          if (!Object.hasOwn(allowed, name)) continue;
          const value: unknown = allowed[name]?.value.type === 'array' ? [expect.any(String)] : expect.any(String);
          expect(entity).toMatchObject({ [name]: { type: 'Property', value } });
        }
      }
    }
  });

  it('refuses bad files by name and publishes nothing of them', async () => {
    const laughs = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>';
    const page = '<!DOCTYPE html><html><head><title>503</title></head><body>Prosimo, poskusite pozneje.</body></html>';
    const fault = '{"error":{"code":401,"message":"invalid token"}}';
    const xmlFault = '<?xml version="1.0"?><error><message>quota exceeded</message></error>';
    for (const text of ['', ' \n', page, fault, xmlFault, laughs, '[]x', '\u0000\u0001']) {
      const { report, consignments } = await runOver(adapter, knowledge, Buffer.from(text), 'bad');
      expect({ text, outcome: report.outcome, entities: report.entities }).toEqual({ text, outcome: 'refused', entities: 0 });
      expect(consignments.flatMap(({ publications }) => publications)).toEqual([]);
      const codes = consignments.flatMap(({ deadLetters }) => deadLetters.map(({ rejection }) => rejection.code));
      expect(codes).toHaveLength(1);
      expect(codes).not.toContain('plugin_failure');
    }
  });

  it('publishes nothing of half a file', async () => {
    for (const { bytes, file } of examples) {
      const whole = await runOver(adapter, knowledge, bytes, file);
      if (whole.report.outcome === 'refused') continue;
      const { report } = await runOver(adapter, knowledge, bytes.subarray(0, Math.floor(bytes.length / 2)), file);
      // A table cut at the end of a line is a shorter table; anything else is seen.
      if (!/\.(?:csv|ndjson|px)$/.test(file)) expect(report).toMatchObject({ outcome: 'refused', entities: 0 });
    }
  });

  it('refuses coordinates whose axes are swapped', async () => {
    for (const { bytes, file } of examples) {
      const { consignments } = await runOver(adapter, knowledge, bytes, file);
      for (const { entity } of consignments.flatMap(({ publications }) => publications)) {
        const { location } = entity;
        if (typeof location !== 'object' || location.type !== 'GeoProperty' || location.value.type !== 'Point') continue;
        const [east, north] = location.value.coordinates;
        const swapped = {
          ...entity,
          location: { ...location, value: { type: 'Point' as const, coordinates: [north, east] as [number, number] } },
        };
        const { rejections } = check(swapped, knowledge.models, fetchedAt);
        expect(rejections).toMatchObject([{ code: 'invalid_location', message: expect.stringContaining('swapped') }]);
      }
    }
  });

  it('changes nothing when the same snapshot is read again', async () => {
    for (const { bytes, file } of examples) {
      const [first, second] = [await runOver(adapter, knowledge, bytes, file), await runOver(adapter, knowledge, bytes, file)];
      expect(second.consignments).toEqual(first.consignments);
      let marks: Marks = new Map();
      const states = first.consignments.flatMap(({ publications }) => publications.map(({ entity }) => entity));
      for (const { id } of states) {
        marks = new Map();
        const own = states.filter((state) => state.id === id && momentOf(state) !== undefined);
        if (own.length === 0) continue;
        for (const state of own) marks = advance(marks, state);
        const newest = own.reduce((one, other) => ((momentOf(other) ?? '') >= (momentOf(one) ?? '') ? other : one), own[0] as Entity);
        // The newest state again has nothing that the broker does not hold.
        expect(planState(newest, (name) => marks.get(name)).live).toBeUndefined();
      }
    }
  });

  it('never throws and accounts for each row, whatever stands in a column', async () => {
    const read = await Promise.all(examples.map(({ bytes, file }) => readDataset(bytes, adapter.format, file)));
    const files = read.filter((parsed) => parsed.ok);
    const rows = files.flatMap((parsed) => parsed.value.rows);
    const junk = fc.oneof(
      fc.constant(undefined),
      fc.constantFrom('', ' ', '-', '<', '<1', 'NaN', '1e309', '-0', '999999999999999999999', '2026-10-25 02:00', '\u0000'),
      fc.string(),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.dictionary(fc.string(), fc.string()),
    );
    fc.assert(
      fc.property(fc.constantFrom(...rows), fc.nat(), junk, (row, which, value) => {
        const columns = Object.keys(row);
        const changed: Row = { ...row, [columns[which % columns.length] ?? '']: value };
        const file: DatasetFile = { header: {}, rows: [changed], fetchedAt };
        const passage = passRow(changed, 1, file, 'noise', adapter, knowledge);
        expect(passage.publications.length + passage.deadLetters.length).toBeGreaterThan(0);
        expect(passage.deadLetters.map(({ rejection }) => rejection.code)).not.toContain('plugin_failure');
      }),
      { numRuns: 400 },
    );
  });

  const samples = sharedSamplesOf(name);
  if (samples.length === 0) it.skip('shared samples are not at hand (KLAVZE_SHARED)', () => undefined);
  else
    it.each(samples)('accounts for every row of the shared sample $name', async ({ name: sample, bytes }) => {
      const { report, consignments } = await runOver(adapter, knowledge, bytes, sample);
      if (report.outcome === 'refused') {
        expect(sample).toMatch(/forecast/);
        return;
      }
      const parsed = await readDataset(bytes, adapter.format, sample);
      expect(report.received).toBe(parsed.ok ? parsed.value.rows.length : 0);
      expect(consignments).toHaveLength(report.received);
      for (const { publications, deadLetters } of consignments) expect(publications.length + deadLetters.length).toBeGreaterThan(0);
      const codes = consignments.flatMap(({ deadLetters }) => deadLetters.map(({ rejection }) => rejection.code));
      expect(new Set(codes.filter((code) => code !== 'no_measurement'))).toEqual(new Set(refusedInSamples[name]));
    });

  it('takes only the stations that are asked for', async () => {
    for (const { name, bytes } of samples) {
      const all = await runOver(adapter, knowledge, bytes, name);
      const { report, consignments } = await runOver(adapter, knowledge, bytes, name, adapter.defaultStations);
      if (report.outcome === 'refused') continue;
      expect(report.received + report.filtered).toBe(all.report.received);
      const ids = consignments.flatMap(({ publications }) => publications.map(({ entity }) => entity.id.split(':').at(-1)));
      if (adapter.defaultStations === 'all') continue;
      for (const id of ids) expect(adapter.defaultStations).toContain(id);
    }
  });
});
