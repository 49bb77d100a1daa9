import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Consignment } from '../../../core/outbox/outbox.ts';
import { packageRoot } from '../../../core/paths.ts';
import type { Adapter } from '../../../core/plugin.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { runAdapter, type AdapterRun, type RunReport } from '../../../core/source/dataset.ts';
import { dryRunLines } from '../../../core/source/dry-run.ts';
import { body, Publisher } from './http-publisher.ts';

const knowledge = await loadKnowledge();
const air = knowledge.adapters.get('arso-air') as Adapter;
const clock = (): string => '2026-05-01T10:00:00.000Z';
let kept: Consignment[];
beforeEach(() => {
  kept = [];
});

const sink = {
  append(consignment: Consignment) {
    kept.push(consignment);
    return Promise.resolve();
  },
};

function station(sifra: string, hour: string, values: string): string {
  return (
    `<postaja sifra="${sifra}" wgs84_dolzina="14.02" wgs84_sirina="46.01"><merilno_mesto>Preizkus</merilno_mesto>` +
    `<datum_od>2026-02-11 06:00</datum_od><datum_do>2026-02-11 ${hour}</datum_do>${values}</postaja>`
  );
}

function file(...stations: string[]): string {
  return `<arsopodatki verzija="1.5"><vir>x</vir>${stations.join('')}</arsopodatki>`;
}

function run(content: string, more: Partial<AdapterRun> = {}): Promise<RunReport> {
  const input = { kind: 'file', bytes: Buffer.from(content), name: 'test.xml' } as const;
  return runAdapter({ adapter: air, knowledge, input, stations: 'all', sink, clock, ...more });
}

function codes(): string[] {
  return kept.flatMap(({ deadLetters }) => deadLetters.map(({ rejection }) => rejection.code));
}

describe('a file', () => {
  it('becomes consignments, oldest first, one bad row never stopping the others', async () => {
    const report = await run(
      file(station('E424', '09:00', '<o3>9</o3>'), station('E424', 'x', ''), station('E424', '08:00', '<o3>8</o3>')),
    );
    expect(report).toEqual({
      adapter: 'arso-air',
      from: 'test.xml',
      outcome: 'published',
      received: 3,
      filtered: 0,
      entities: 2,
      rejections: 1,
      codes: { invalid_time: 1 },
      newest: '2026-02-11T08:00:00.000Z',
    });
    expect(kept.flatMap(({ publications }) => publications.map(({ entity, origin }) => [entity['o3'], origin.row]))).toMatchObject([
      [{ value: 8 }, 3],
      [{ value: 9 }, 1],
    ]);
    expect(codes()).toEqual(['invalid_time']);
  });

  it('gives only the wanted stations; a row without key is refused, not dropped', async () => {
    const rows = file(station('E424', '09:00', '<o3>9</o3>'), station('E421', '09:00', '<o3>7</o3>'), station('', '09:00', '<o3>7</o3>'));
    expect(await run(rows, { stations: ['E424'] })).toMatchObject({ received: 2, filtered: 1, entities: 1, rejections: 1 });
    expect(codes()).toEqual(['missing_field']);
  });

  it('is refused as a whole with one dead letter that holds its bytes', async () => {
    const report = await run('<html>busy</html>');
    expect(report).toMatchObject({ outcome: 'refused', received: 1, entities: 0, rejections: 1, reason: expect.stringContaining('HTML') });
    expect(kept).toMatchObject([{ publications: [], deadLetters: [{ origin: { plugin: 'adapters/arso-air', from: 'test.xml' } }] }]);
    expect(Buffer.from(kept[0]?.deadLetters[0]?.raw ?? []).toString()).toBe('<html>busy</html>');
  });

  it('with fewer rows than the adapter expects is refused, the filter not counting', async () => {
    const strict = { ...air, expect: { minRows: 2, maxRejectedPct: 50 } };
    expect(await run(file(station('E424', '09:00', '<o3>9</o3>')), { adapter: strict })).toMatchObject({ outcome: 'refused' });
    expect(codes()).toEqual(['unexpected_content']);
    const two = file(station('E424', '09:00', '<o3>9</o3>'), station('E421', '09:00', '<o3>9</o3>'));
    expect(await run(two, { adapter: strict, stations: ['E424'] })).toMatchObject({ outcome: 'published', received: 1, filtered: 1 });
  });

  it('of which most rows give nothing is refused, but only where a share means something', async () => {
    const good = station('E424', '09:00', '<o3>9</o3>');
    const bad = station('E424', '9h', '<o3>9</o3>');
    expect(await run(file(good, ...Array<string>(18).fill(bad)))).toMatchObject({ outcome: 'published', rejections: 18 });
    kept = [];
    const report = await run(file(...Array<string>(9).fill(good), ...Array<string>(11).fill(bad)));
    expect(report).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/^11 of 20 rows .* invalid_time/) });
    expect(kept.flatMap(({ publications }) => publications)).toEqual([]);
  });

  it('above the size limit is refused unread', async () => {
    expect(await run(file(), { maxBytes: 10 })).toMatchObject({ outcome: 'refused' });
    expect(codes()).toEqual(['too_large']);
  });

  it('of seven days and all stations is read in a few seconds', async () => {
    const days = Array.from({ length: 168 }, (_, hour) => [`0${1 + Math.floor(hour / 24)}`, String(hour % 24).padStart(2, '0')]);
    const rows = days.reverse().flatMap(([day, hour]) =>
      Array.from({ length: 23 }, (_, index) =>
        station(`E${400 + index}`, '', '<o3>&lt;1</o3><no2>7</no2><pm2.5>4</pm2.5>')
          .replace('2026-02-11 06:00', `2026-02-${day} ${hour}:00`)
          .replace('2026-02-11 ', `2026-02-${day} ${hour}:30`),
      ),
    );
    const started = performance.now();
    expect(await run(file(...rows))).toMatchObject({ outcome: 'published', received: 3864, entities: 3864 });
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('a dataset on the web', () => {
  let publisher: Publisher;
  let state: Map<string, unknown>;
  const example = readFileSync(join(packageRoot, 'adapters', 'arso-air', 'examples', 'newest-hour', 'input.xml'), 'utf8');
  beforeEach(async () => {
    publisher = await Publisher.start(body(example, { etag: '"1"' }));
    state = new Map();
  });
  afterEach(() => publisher.stop());

  function fetchOnce(more: Partial<AdapterRun> = {}): Promise<RunReport> {
    const store = { get: (key: string) => state.get(key), set: (key: string, value: unknown) => void state.set(key, value) };
    return run('', { input: { kind: 'fetch', state: store, url: publisher.url }, ...more });
  }

  it('is published once, then unchanged', async () => {
    expect(await fetchOnce()).toMatchObject({ outcome: 'published', from: publisher.url, received: 2, entities: 2 });
    expect(await fetchOnce()).toMatchObject({ outcome: 'unchanged', received: 0, entities: 0 });
    expect(kept).toHaveLength(2);
  });

  it('is read again when other stations are wanted', async () => {
    await fetchOnce({ stations: ['E424'] });
    expect(await fetchOnce({ stations: ['E403'] })).toMatchObject({ outcome: 'published', received: 1, filtered: 1 });
  });

  it('is not remembered while the sink cannot take it', async () => {
    const broken = { append: () => Promise.reject(new Error('closed')) };
    await expect(fetchOnce({ sink: broken })).rejects.toThrow('closed');
    expect(await fetchOnce()).toMatchObject({ outcome: 'published' });
  });

  it('that is refused leaves one dead letter, not one at each run', async () => {
    publisher.answer = body('<html/>');
    expect(await fetchOnce()).toMatchObject({ outcome: 'refused' });
    expect(await fetchOnce()).toMatchObject({ outcome: 'unchanged' });
    expect(codes()).toEqual(['not_the_expected_format']);
  });

  it('that is unavailable leaves nothing', async () => {
    publisher.answer = body('', { 'retry-after': '60' }, 503);
    expect(await fetchOnce()).toMatchObject({ outcome: 'unavailable', reason: expect.stringContaining('503'), retryAfterMs: 60_000 });
    expect(kept).toEqual([]);
  });
});

it('prints a dry run as JSON lines with the summary last', async () => {
  const report = await run(file(station('E424', '09:00', '<o3>9</o3><no2>x</no2>')));
  const lines = dryRunLines(kept, report.received).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    { entity: { id: 'urn:ngsi-ld:AirQualityObserved:arso:E424' } },
    { rejection: { code: 'invalid_value', pointer: '/no2', from: 'test.xml', row: 1 } },
    { summary: { received: 1, entities: 1, rejections: 1 } },
  ]);
});
