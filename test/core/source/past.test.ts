import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import type { Adapter } from '../../../core/plugin.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { backfill, planBackfill } from '../../../core/source/backfill.ts';
import { openLedger, type Ledger } from '../../../core/source/ledger.ts';
import { rejectedRows, type RejectedRow } from '../../../core/source/rejects.ts';
import { resubmit } from '../../../core/source/resubmit.ts';
import { passRow } from '../../../core/pipeline.ts';
import { body, Publisher } from './http-publisher.ts';

const knowledge = await loadKnowledge();
const air = knowledge.adapters.get('arso-air') as Adapter;
const now = '2026-05-10T10:00:00.000Z';
const clock = (): string => now;
const hour = (day: string, end: string, o3: string): string =>
  `<postaja sifra="E424" wgs84_dolzina="13.9" wgs84_sirina="45.9"><merilno_mesto>Otlica</merilno_mesto><datum_do>${day} ${end}</datum_do><o3>${o3}</o3></postaja>`;
const file = (...hours: string[]): string => `<arsopodatki>${hours.join('')}</arsopodatki>`;

let outbox: Outbox;
let ledger: Ledger;
let publisher: Publisher;
beforeEach(async () => {
  outbox = createMemoryOutbox(clock);
  ledger = openLedger({ path: ':memory:', clock });
  publisher = await Publisher.start(
    body(file(hour('2026-05-09', '01:00', '3'), hour('2026-05-08', '01:00', '2'), hour('2026-05-07', '01:00', '1'))),
  );
});
afterEach(async () => {
  ledger.close();
  await publisher.stop();
});

function planOf(adapter: Adapter, from: string, to: string, url = publisher.url) {
  return planBackfill(adapter, { from, to }, ['E424'], url, now);
}

function fill(adapter: Adapter, plan: ReturnType<typeof planOf>) {
  if (!plan.ok) throw new Error(plan.error);
  const input = { kind: 'fetch', state: outbox.state } as const;
  const run = { adapter, knowledge, stations: ['E424'], sink: outbox, clock, input };
  return backfill({ run, pieces: plan.value.pieces, job: 'job', ledger, pauseMs: 1 });
}

function values(): unknown[] {
  return outbox.peek(100, 0, 1).map(({ entity }) => (entity['o3'] as { value: unknown }).value);
}

describe('backfill', () => {
  it('publishes the days that are asked for, oldest first, and counts the others as left out', async () => {
    expect(await fill(air, planOf(air, '2026-05-07', '2026-05-08'))).toMatchObject({ outcome: 'published', entities: 2, filtered: 1 });
    expect(values()).toEqual([1, 2]);
  });

  it('says what the publisher does not keep', () => {
    expect(planOf(air, '2026-04-01', '2026-04-05')).toMatchObject({ ok: false, error: expect.stringContaining('keeps 7 days') });
    expect(planOf(air, '2026-04-30', '2026-05-05')).toMatchObject({
      ok: true,
      value: { remark: expect.stringContaining('before 2026-05-03') },
    });
    expect(planOf(air, '2026-06-01', '2026-06-02')).toMatchObject({ ok: false, error: expect.stringContaining('future') });
    expect(planOf(air, '2026-05-08', '2026-05-07')).toMatchObject({ ok: false, error: expect.stringContaining('after --to') });
    expect(planOf(air, 'yesterday', '2026-05-07')).toMatchObject({ ok: false });
    const hydro = knowledge.adapters.get('arso-hydro') as Adapter;
    expect(planOf(hydro, '2026-05-01', '2026-05-02')).toMatchObject({ ok: false, error: expect.stringContaining('no history') });
  });

  it('asks piece by piece in the zone of the dataset, also over a clock change', () => {
    const dated: Adapter = { ...air, history: { url: 'x', longestDays: 2 } };
    const plan = planBackfill(dated, { from: '2026-03-28', to: '2026-03-30' }, ['E424'], 'http://x/{station}?{from}..{to}', now);
    expect(plan).toMatchObject({
      ok: true,
      value: {
        pieces: [
          {
            address: { url: 'http://x/E424?2026-03-28..2026-03-30' },
            period: { from: '2026-03-27T23:00:00.000Z', to: '2026-03-29T22:00:00.000Z' },
          },
          {
            address: { url: 'http://x/E424?2026-03-30..2026-03-31' },
            period: { from: '2026-03-29T22:00:00.000Z', to: '2026-03-30T22:00:00.000Z' },
          },
        ],
      },
    });
  });

  it('goes on where it was left, and begins anew when it was through', async () => {
    const dated: Adapter = { ...air, history: { url: 'x', longestDays: 1 } };
    const plan = planOf(dated, '2026-05-07', '2026-05-09', `${publisher.url}?d={from}`);
    let asked = 0;
    const answer = publisher.answer;
    publisher.answer = (request, response) => {
      asked += 1;
      if (asked >= 3 && asked <= 5) body('', {}, 503)(request, response);
      else answer(request, response);
    };
    await expect(fill(dated, plan)).rejects.toThrow('the same command goes on from there');
    expect(values()).toEqual([1, 2]);
    await fill(dated, plan);
    expect(values()).toEqual([1, 2, 3]);
    expect(publisher.requests.map(({ url }) => url?.slice(-2))).toEqual(['07', '08', '09', '09', '09', '09']);
    await fill(dated, plan);
    expect(publisher.requests).toHaveLength(9);
  });

  it.each(
    [...knowledge.adapters.values()].filter(({ history }) => history !== undefined).map((adapter) => [adapter.name, adapter] as const),
  )('has addresses for yesterday of %s', (_, adapter) => {
    const plan = planBackfill(adapter, { from: '2026-05-09', to: '2026-05-09' }, ['S1'], undefined, now);
    expect(plan.ok && plan.value.pieces.every(({ address }) => /^https:\/\/[^{}]+$/.test(address.url))).toBe(true);
  });
});

describe('resubmit', () => {
  const parsed = { '@sifra': 'E424', '@wgs84_dolzina': '13.9', '@wgs84_sirina': '45.9', merilno_mesto: 'Otlica', datum_do: '9h', o3: '9' };

  async function refusedRow(row: Record<string, string>): Promise<RejectedRow> {
    const passage = passRow(row, 4, { header: {}, rows: [row], fetchedAt: now }, 'f.xml', air, knowledge);
    await outbox.append(passage);
    return rejectedRows([{ row, key: 'E424', passage }], {}, true)[0] as RejectedRow;
  }

  it('publishes a corrected row and settles its dead letter', async () => {
    const rejected = await refusedRow(parsed);
    const corrected = { ...rejected, raw: { ...parsed, datum_do: '2026-05-09 09:00' } };
    const { report, refused } = await resubmit([corrected], 'x', {
      adapter: air,
      knowledge,
      sink: outbox,
      clock,
      letters: outbox.deadLetters,
    });
    expect(report).toMatchObject({ received: 1, entities: 1, rejections: 0 });
    expect([refused, outbox.deadLetters.count(), values()]).toEqual([[], 0, [9]]);
  });

  it('gives back what is still refused, without a second dead letter, and counts lines without a row', async () => {
    const rejected = await refusedRow(parsed);
    const { raw: _, ...personal } = rejected;
    const { report, refused, skipped } = await resubmit([rejected, personal], 'x', {
      adapter: air,
      knowledge,
      sink: outbox,
      clock,
      letters: outbox.deadLetters,
    });
    expect(report).toMatchObject({ received: 1, entities: 0, rejections: 1, codes: { invalid_time: 1 } });
    expect(refused).toEqual([rejected]);
    expect([skipped, outbox.deadLetters.count()]).toEqual([1, 1]);
  });
});
