import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

import type { Consignment } from '../../../core/outbox/outbox.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { readTable } from '../../../core/service/tables.ts';
import { runAdapter } from '../../../core/source/dataset.ts';
import { textBlocks } from '../../../core/source/formats/csv-blocks.ts';
import { Repeats } from '../../../core/source/repeats.ts';
import type { RunReport } from '../../../core/source/report.ts';

const knowledge = await loadKnowledge();
const folder = mkdtempSync(join(tmpdir(), 'klavze-stream-'));
afterAll(() => rmSync(folder, { recursive: true }));

const table = (kind: string) =>
  readTable(
    `name: t
dataset: { publisher: P, licence: L, attribution: A }
format: ${kind}
time: { column: T, format: iso }
type: AirQualityObserved
id: ['{K}']
location: { fixed: [14.02, 46] }
where: [{ column: K, not: [Skupaj] }]
attributes: { pm10: P, name: N }`,
    't.yaml',
    knowledge.models,
  );
const csv = table('csv');

async function run(
  content: string | Buffer,
  kind: 'path' | 'file',
  adapter = csv,
): Promise<{ report: RunReport; consignments: Consignment[] }> {
  const consignments: Consignment[] = [];
  const sink = { append: (one: Consignment) => Promise.resolve(void consignments.push(one)) };
  const path = join(folder, 'f');
  const bytes = Buffer.from(content);
  writeFileSync(path, bytes);
  const input = kind === 'path' ? ({ kind, path, name: 'f' } as const) : ({ kind, bytes, name: 'f' } as const);
  const report = await runAdapter({ adapter, knowledge, input, stations: 'all', sink, clock: () => '2030-01-01T00:00:00.000Z' });
  return { report, consignments };
}

const row = (number: number, more = ''): string => {
  const time = new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString().slice(0, 16);
  return `"a${number % 7}";${time};${number % 50};ž${more}\n`;
};
const head = 'Naslov\nK;T;P;N\n';
const many = head + Array.from({ length: 9000 }, (_, number) => row(number)).join('');

describe('a large CSV', () => {
  it('gives what a small one gives, over many blocks, also with quotes and rows that are not wanted', async () => {
    const content = head + Array.from({ length: 4000 }, (_, index) => row(index, index === 5 ? ';x' : '')).join('') + 'Skupaj;;9;\n';
    const [streamed, whole] = [await run(content, 'path'), await run(content, 'file')];
    expect(streamed.report).toEqual({ ...whole.report, from: 'f' });
    expect(streamed.report).toMatchObject({ received: 4000, filtered: 1, rejections: 1, codes: { malformed_payload: 1 } });
    const sorted = ({ consignments }: { consignments: Consignment[] }): string[] => consignments.map((one) => JSON.stringify(one)).sort();
    expect(sorted(streamed)).toEqual(sorted(whole));
  });

  it.each([
    ['windows-1250', Buffer.from(many.replaceAll('ž', '\x9e'), 'latin1')],
    ['UTF-16', Buffer.from('\uFEFF' + many, 'utf16le')],
    ['UTF-8 with a mark', Buffer.from('\uFEFF' + many)],
  ])('is read in %s', async (_what, bytes) => {
    const { report, consignments } = await run(bytes, 'path');
    expect(report).toMatchObject({ outcome: 'published', received: 9000, entities: 9000 });
    expect(consignments[8999]?.publications[0]?.entity['name']).toMatchObject({ value: 'ž' });
  });

  it.each([
    ['ends in the middle of a line', `${many}"a1";2026`, 'truncated_file'],
    ['ends within quotes', `${many}"a1;2026\n`, 'truncated_file'],
    ['is binary in the end', Buffer.concat([Buffer.from(many), Buffer.from([0, 1, 2])]), 'wrong_encoding'],
    ['is another file', many.replace('K;T', 'k;t'), 'not_the_expected_format'],
    [
      'is mostly refused',
      head + Array.from({ length: 100 }, (_, number) => row(number).replace('2026', number % 2 === 0 ? 'x' : '2026')).join(''),
      'unexpected_content',
    ],
  ])('that %s is refused as a whole: nothing of it is published', async (_what, content, code) => {
    const { report, consignments } = await run(content, 'path');
    expect(report.outcome).toBe('refused');
    expect(consignments).toHaveLength(1);
    expect(consignments[0]?.publications).toEqual([]);
    expect(consignments[0]?.deadLetters[0]?.rejection.code).toBe(code);
  });

  it('publishes neither of two rows that contradict each other, however far apart', async () => {
    const { report, consignments } = await run(`${many}${row(0).replace(';0;', ';9;')}${row(1)}`, 'path');
    expect(report).toMatchObject({ received: 9002, entities: 9000, codes: { contradiction: 2 } });
    expect(consignments[0]?.publications).toEqual([]);
  });
});

it('reads NDJSON line by line', async () => {
  const lines = Array.from({ length: 5000 }, (_, number) =>
    JSON.stringify({ K: `a${number}`, T: '2026-01-01T10:00', P: number % 9, N: 'x' }),
  );
  const { report } = await run([...lines, '[1]', ''].join('\n'), 'path', table('ndjson'));
  expect(report).toMatchObject({ received: 5001, entities: 5000, codes: { malformed_payload: 1 } });
});

it('cuts a text only where a record ends', () => {
  const path = join(folder, 'blocks');
  const content = 'a;b\n"x\n;""y";1\n2;3\n"čž\n";4';
  writeFileSync(path, content);
  for (let size = 1; size < 30; size += 1) {
    const blocks = [...textBlocks(path, 'utf-8', size)];
    expect(blocks.map(({ text }) => text).join('')).toBe(content);
    for (const { text, isLast } of blocks) if (!isLast) expect(text.split('"').length % 2).toBe(1);
  }
});

it('remembers who was contradicted among many', () => {
  const repeats = new Repeats();
  for (let number = 0; number < 200_000; number += 1) repeats.note(`entity ${number}`, `says ${number}`);
  repeats.note('entity 7', 'says 7');
  repeats.note('entity 8', 'says 9');
  expect(repeats.isContradicted('entity 7')).toBe(false);
  expect(repeats.isContradicted('entity 8')).toBe(true);
  expect(repeats.isContradicted('entity 199999')).toBe(false);
  expect(repeats.isContradicted('another')).toBe(false);
});
