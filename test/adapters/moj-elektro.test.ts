import { describe, expect, it } from '@jest/globals';

import mojElektro from '../../adapters/moj-elektro/index.ts';
import type { Property } from '../../core/entity/entity.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { runOver } from '../contract/adapter-run.ts';

const knowledge = await loadKnowledge();
const quarter = 15 * 60 * 1000;

/** A day as the source writes it: from the first quarter's end to the next midnight, each with the offset of its moment. */
function day(from: string, to: string, changeAt: string, before: number, after: number): Uint8Array {
  const readings: object[] = [];
  for (let at = Date.parse(from) + quarter; at <= Date.parse(to); at += quarter) {
    const hours = at < Date.parse(changeAt) ? before : after;
    const timestamp = `${new Date(at + hours * 60 * 60 * 1000).toISOString().slice(0, 19)}+0${hours}:00`;
    readings.push({ timestamp, value: '0.2500', readingQualities: [] });
  }
  const block = { readingType: '32.0.2.4.1.2.12.0.0.0.0.0.0.0.0.3.72.0', intervalReadings: readings };
  return Buffer.from(JSON.stringify({ usagePoint: '383111580000000017', intervalBlocks: [block] }));
}

describe('the day on which the clock changes', () => {
  it.each([
    ['forward', 92, day('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', '2026-03-29T01:00:00Z', 1, 2)],
    ['back', 100, day('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', '2026-10-25T01:00:00Z', 2, 1)],
  ])('%s has %d quarters without gap or overlap', async (_way, quarters, bytes) => {
    const { report, consignments } = await runOver(mojElektro, knowledge, bytes, 'day.json');
    expect(report).toMatchObject({ received: quarters, entities: quarters, rejections: 0 });
    const entities = consignments.flatMap(({ publications }) => publications.map(({ entity }) => entity));
    const ends = entities.map((entity) => (entity['totalActiveEnergyImport'] as Property).observedAt);
    const starts = entities.map((entity) => ((entity['dateEnergyMeteringStarted'] as Property).value as { '@value': string })['@value']);
    expect(starts.slice(1)).toEqual(ends.slice(0, -1));
    expect(new Set(ends).size).toBe(quarters);
  });
});

it('keeps nothing of a file that names people', async () => {
  const bytes = Buffer.from(JSON.stringify({ identifikator: {}, lastnik: { naziv: 'Janez Vzorec', davcnaSt: '10000000' } }));
  const { report, consignments } = await runOver(mojElektro, knowledge, bytes, 'point.json');
  expect(report.outcome).toBe('refused');
  expect(consignments.flatMap(({ deadLetters }) => deadLetters.map(({ raw }) => raw.length))).toEqual([0]);
  expect(JSON.stringify(consignments)).not.toContain('Janez');
});
