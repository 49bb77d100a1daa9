import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { attributesOf } from '../../../core/entity/entity.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Consignment, Publication } from '../../../core/outbox/outbox.ts';
import type { Adapter } from '../../../core/plugin.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import type { AdapterRun, RunReport } from '../../../core/source/dataset.ts';
import { ledgerFile, openLedger, type Ledger } from '../../../core/source/ledger.ts';
import { recordedRun, type MemoryChoice } from '../../../core/source/recorded.ts';
import { readRejects, rejectsFiles, rejectsFolder, setResubmitted, writeRejects } from '../../../core/source/rejects.ts';
import { nextRun, statusOf } from '../../../core/source/status.ts';

const knowledge = await loadKnowledge();
const { parts: _, ...register } = knowledge.adapters.get('gurs-rpe') as Adapter;
/** With one file, so that a file by hand is known to be it. */
const shipped: Adapter = { ...register, dataset: { ...register.dataset, url: 'https://register.example.org/OB.csv' } };
let moment: string;
const clock = (): string => moment;
let dataDir: string;
let ledger: Ledger;
let kept: Consignment[];
beforeEach(() => {
  moment = '2026-05-01T10:00:00.000Z';
  dataDir = mkdtempSync(join(tmpdir(), 'klavze-ledger-'));
  ledger = openLedger({ path: ledgerFile(dataDir), clock });
  kept = [];
});
afterEach(() => {
  ledger.close();
  rmSync(dataDir, { recursive: true });
});

const sink = {
  append(consignment: Consignment) {
    kept.push(consignment);
    return Promise.resolve();
  },
};

function towns(numbers: readonly number[], more = ''): string {
  const extra = more === '' ? '' : `,${more}`;
  const rows = numbers.map(
    (n) => `26,${1000 + n},${n},Občina ${n},O,1,1995/01/01,1995/01/01,V,424258,${96187 + n}${extra === '' ? '' : ',x'}`,
  );
  return [`ENOTA,OB_MID,OB_ID,OB_UIME,OB_TIP,POV_KM2,D_OD,DV_OD,STATUS,CEN_E,CEN_N${extra}`, ...rows].join('\n');
}

function run(text: string, more: Partial<AdapterRun> = {}, choice: MemoryChoice = {}): Promise<RunReport> {
  kept = [];
  const input = { kind: 'file', bytes: Buffer.from(text), name: 'OB.csv' } as const;
  return recordedRun({ adapter: shipped, knowledge, input, stations: 'all', sink, clock, ...more }, { ledger, dataDir }, 'command', choice);
}

function published(): Publication[] {
  return kept.flatMap(({ publications }) => [...publications]);
}

function removed(): string[] {
  return published().flatMap(({ removal, entity }) => (removal === true ? [entity.id] : []));
}

describe('rows that are gone from a complete snapshot', () => {
  const deleting = { ...shipped, vanished: 'delete' } as const;
  const marking = { ...shipped, vanished: 'mark' } as const;

  it('are deleted, marked or kept as the adapter says, and counted', async () => {
    await run(towns([1, 2, 3]), { adapter: deleting });
    expect(await run(towns([1, 3]), { adapter: deleting })).toMatchObject({
      vanished: { policy: 'delete', rows: 1, entities: 1, returned: 0 },
    });
    expect(removed()).toEqual(['urn:ngsi-ld:Organization:gurs:2']);
    expect((await run(towns([1, 3]), { adapter: deleting })).vanished).toBeUndefined();
    expect(removed()).toEqual([]);
  });

  it('stay in the broker under keep, with a count', async () => {
    await run(towns([1, 2, 3]));
    expect(await run(towns([1, 3]))).toMatchObject({ entities: 2, vanished: { policy: 'keep', rows: 1, entities: 1 } });
    expect(published()).toHaveLength(2);
    expect((await run(towns([1, 3]))).vanished).toBeUndefined();
    expect(await run(towns([1, 2, 3]))).toMatchObject({ vanished: { rows: 0, returned: 1 } });
  });

  it('carry the mark until they are back, each told with a moment newer than any state before', async () => {
    await run(towns([1, 2, 3]), { adapter: marking });
    moment = '2026-05-02T10:00:00.000Z';
    await run(towns([1, 3]), { adapter: marking });
    const mark = published().find(({ entity }) => entity.id.endsWith(':2'))?.entity;
    expect(mark).toMatchObject({ source: { value: shipped.dataset.landingPage, observedAt: moment, status: { value: 'goneFromSource' } } });
    expect(attributesOf(mark as NonNullable<typeof mark>).map(([name]) => name)).toEqual(['source']);
    moment = '2026-05-03T10:00:00.000Z';
    expect(await run(towns([1, 2, 3]), { adapter: marking })).toMatchObject({ vanished: { rows: 0, returned: 1 } });
    const last = published().at(-1)?.entity;
    expect(last).toEqual({
      id: 'urn:ngsi-ld:Organization:gurs:2',
      type: 'Organization',
      source: { type: 'Property', value: shipped.dataset.landingPage, observedAt: moment },
    });
  });

  it('are not looked for in a part, nor outside the stations that are asked for, nor when a row has no key', async () => {
    await run(towns([1, 2, 3, 4]), { adapter: deleting });
    expect((await run(towns([1, 3, 4]), { adapter: deleting }, { isComplete: 'no' })).vanished).toBeUndefined();
    expect((await run(towns([1, 3, 4]), { adapter: deleting, stations: ['1'] })).vanished).toBeUndefined();
    expect((await run(towns([1, 3, 4]).replace(',4,Občina', ',,Občina'), { adapter: deleting })).vanished).toBeUndefined();
    expect(removed()).toEqual([]);
    expect(await run(towns([1, 3, 4]), { adapter: deleting, stations: ['1', '2'] })).toMatchObject({ vanished: { rows: 1 } });
  });

  it('are not those whose row is refused this time, nor those of a file that is refused', async () => {
    await run(towns([1, 2, 3, 4]), { adapter: deleting });
    const faulty = towns([1, 2, 3, 4]).replace('V,424258,96189', 'X,424258,96189');
    expect(await run(faulty, { adapter: deleting })).toMatchObject({ rejections: 1, outcome: 'published' });
    expect(await run('<html/>', { adapter: deleting })).toMatchObject({ outcome: 'refused' });
    expect(removed()).toEqual([]);
  });

  it('refuse the snapshot when they are more than half of it, until a person accepts it', async () => {
    await run(towns([1, 2, 3, 4, 5]), { adapter: deleting });
    const report = await run(towns([1, 6]), { adapter: deleting });
    expect(report).toMatchObject({
      outcome: 'refused',
      codes: { unexpected_content: 1 },
      reason: expect.stringContaining('4 of the 5 rows'),
    });
    expect(published()).toEqual([]);
    expect(await run(towns([1, 6]), { adapter: deleting }, { onShrink: 'accept' })).toMatchObject({ vanished: { rows: 4 } });
    expect(removed()).toHaveLength(4);
  });

  it('are forgotten only when their deletion is on disk', async () => {
    await run(towns([1, 2, 3]), { adapter: deleting });
    const broken = {
      append: ({ publications }: Consignment): Promise<void> =>
        publications[0]?.removal === true ? Promise.reject(new Error('closed')) : Promise.resolve(),
    };
    await expect(run(towns([1, 3]), { adapter: deleting, sink: broken })).rejects.toThrow('closed');
    expect(ledger.runs('gurs-rpe')[0]).toMatchObject({ report: { outcome: 'failed', reason: 'Error: closed' } });
    await run(towns([1, 3]), { adapter: deleting });
    expect(removed()).toHaveLength(1);
  });
});

describe('columns', () => {
  it('that appear, vanish and come back are named once each', async () => {
    const drifts = [];
    for (const text of [towns([1]), towns([1]), towns([1], 'POSTA'), towns([1], 'POSTA'), towns([1]), towns([1]), towns([1], 'POSTA')]) {
      drifts.push((await run(text)).drift);
    }
    const none = { appeared: [], missing: [], returned: [] };
    expect(drifts).toEqual([
      undefined,
      undefined,
      { ...none, appeared: ['POSTA'] },
      undefined,
      { ...none, missing: ['POSTA'] },
      undefined,
      { ...none, returned: ['POSTA'] },
    ]);
    // It has proved to come and go.
    expect((await run(towns([1]))).drift).toBeUndefined();
  });

  it('that only some rows have are there when one row has them', async () => {
    const json: Adapter = { ...shipped, format: { kind: 'json', rows: [], columns: [] } };
    await run('[{"OB_ID":"1"},{"OB_ID":"2","x":{"y":1}}]', { adapter: json });
    expect((await run('[{"OB_ID":"1","x":{"y":1}},{"OB_ID":"2"}]', { adapter: json })).drift).toBeUndefined();
    expect((await run('[{"OB_ID":"1","x":{"z":1}},{"OB_ID":"2"}]', { adapter: json })).drift).toEqual({
      appeared: ['x.z'],
      missing: ['x.y'],
      returned: [],
    });
  });
});

describe('two rows that contradict each other', () => {
  it('are both refused, the same row twice is not', async () => {
    const [head = '', first = ''] = towns([1]).split('\n');
    const other = first.replace('Občina 1', 'Občina ena');
    const report = await run([head, first, other, ...towns([2]).split('\n').slice(1)].join('\n'));
    expect(report).toMatchObject({ received: 3, entities: 1, rejections: 2, codes: { contradiction: 2 } });
    const messages = kept.flatMap(({ deadLetters }) => deadLetters.map(({ rejection }) => rejection.message));
    expect(messages).toEqual([expect.stringContaining('another value in row 2'), expect.stringContaining('another value in row 1')]);
    expect(await run([head, first, first].join('\n'))).toMatchObject({ entities: 2, rejections: 0 });
  });
});

describe('refused rows', () => {
  it('are kept with row, reason and raw row, and can be marked as resubmitted', async () => {
    const report = await run(towns([1, 2]).replace('V,424258,96189', 'X,424258,96189'));
    const path = report.rejects ?? '';
    expect(readRejects(path)).toEqual([
      {
        row: 2,
        code: 'invalid_value',
        reason: expect.stringContaining('STATUS'),
        from: 'OB.csv',
        at: moment,
        raw: expect.objectContaining({ OB_ID: '2', STATUS: 'X' }),
      },
    ]);
    expect(rejectsFiles(rejectsFolder(dataDir, 'gurs-rpe'), 'open')).toEqual([path]);
    setResubmitted(path);
    expect(rejectsFiles(rejectsFolder(dataDir, 'gurs-rpe'), 'open')).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  it('of personal data are kept without the row', async () => {
    const personal = { ...shipped, personal: true } as const;
    const { rejects = '' } = await run(towns([1, 2]).replace('V,424258,96189', 'X,424258,96189'), { adapter: personal });
    expect(readFileSync(rejects, 'utf8')).not.toContain('OB_UIME');
  });

  it('of fifty runs are kept', () => {
    const folder = rejectsFolder(dataDir, 'x');
    for (let day = 0; day < 60; day += 1) {
      const at = new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
      writeRejects(folder, [{ row: 1, code: 'invalid_value', reason: 'x', from: 'x', at }], at);
    }
    expect(readdirSync(folder)).toHaveLength(50);
    expect(readdirSync(folder)).toContain('2026-03-01T00-00-00-000Z.ndjson');
  });

  it('in a file that is no NDJSON are named with their line', () => {
    const path = join(dataDir, 'x.ndjson');
    writeFileSync(path, '{"raw":{}}\n\n{"raw":\n');
    expect(readRejects(path)).toMatch(/^line 3 of .* is no JSON/);
  });
});

describe('the ledger', () => {
  it('keeps so many runs, and repetitions as one', async () => {
    ledger.close();
    ledger = openLedger({ path: ledgerFile(dataDir), clock, mostRuns: 3 });
    for (let count = 0; count < 5; count += 1) await run('<html/>');
    expect(ledger.runs('gurs-rpe')).toMatchObject([{ times: 5, report: { outcome: 'refused' } }]);
    for (let count = 1; count < 6; count += 1) await run(towns([count]));
    expect(ledger.runs('gurs-rpe')).toHaveLength(3);
  });

  it('that is damaged is set aside and begun anew', () => {
    const path = join(dataDir, 'damaged.db');
    writeFileSync(path, 'this is no database, and long enough to be taken for one '.repeat(40));
    const lines: unknown[] = [];
    const opened = openLedger({ path, clock, logger: { error: (...line: unknown[]) => void lines.push(line) } as never });
    opened.setNote('x', 1);
    expect([opened.note('x'), lines.length]).toEqual([1, 1]);
    opened.close();
    expect(readdirSync(dataDir).some((name) => name.startsWith('damaged.db.damaged-'))).toBe(true);
  });

  it('is read by a second process while the first writes', async () => {
    const other = openLedger({ path: ledgerFile(dataDir), clock });
    await run(towns([1]));
    expect(other.runs('gurs-rpe')).toHaveLength(1);
    other.close();
  });
});

describe('the status', () => {
  const of = (adapter = shipped, settings?: Parameters<typeof statusOf>[1]) => statusOf(adapter, settings, ledger, dataDir, moment);

  it('goes from never run over fine to refused, unavailable and stale, each with what to do', async () => {
    expect(of()).toMatchObject({ state: 'never run', missingColumns: [], next: expect.stringMatching(/Z$/) });
    await run(towns([1]));
    expect(of()).toMatchObject({ state: 'fine', received: 1, entities: 1, rejections: 0, lastRun: moment });
    await run('<html/>');
    expect(of()).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('HTML'),
      advice: expect.stringContaining('dead-letters'),
    });
    const outbox = createMemoryOutbox(clock);
    await run('', { input: { kind: 'fetch', state: outbox.state, url: 'http://127.0.0.1:1/x.csv' } });
    expect(of()).toMatchObject({ state: 'unavailable', advice: expect.stringContaining(shipped.dataset.landingPage) });
    expect(of(shipped, { enabled: false })).toMatchObject({ state: 'off' });
    const dated = knowledge.adapters.get('arso-air') as Adapter;
    ledger.record({
      at: moment,
      endedAt: moment,
      trigger: 'schedule',
      report: {
        adapter: 'arso-air',
        from: 'x',
        outcome: 'published',
        received: 1,
        filtered: 0,
        entities: 1,
        rejections: 0,
        newest: '2026-05-01T03:59:00.000Z',
      },
    });
    expect(of(dated)).toMatchObject({ state: 'stale', newest: '2026-05-01T03:59:00.000Z' });
    expect(of(knowledge.adapters.get('nap-counters') as Adapter)).toMatchObject({ state: 'needs credentials' });
  });

  it('knows the next run in the zone of the dataset', () => {
    expect(nextRun('0 12 1 1 *', 'Europe/Ljubljana')).toMatch(/-01-01T11:00:00/);
    expect(nextRun('hourly', 'Europe/Ljubljana')).toBeUndefined();
  });
});
