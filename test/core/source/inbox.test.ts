import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Consignment } from '../../../core/outbox/outbox.ts';
import type { Adapter } from '../../../core/plugin.ts';
import { rejectionCodes } from '../../../core/rejection.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { readTable } from '../../../core/service/tables.ts';
import { createInbox, type Inbox, type InboxOptions } from '../../../core/source/inbox.ts';
import { watchInbox } from '../../../core/source/inbox-watch.ts';
import { fixOf } from '../../../core/source/inbox-words.ts';
import { openLedger, type Ledger } from '../../../core/source/ledger.ts';

const knowledge = await loadKnowledge();
const gurs = knowledge.adapters.get('gurs-rpe') as Adapter;
const clock = (): string => '2026-05-01T10:00:00.000Z';
const head = 'ENOTA,OB_MID,OB_ID,OB_UIME,OB_TIP,POV_KM2,D_OD,DV_OD,STATUS,CEN_E,CEN_N\n';
const town = (code: number, state = 'V'): string => `26,${code},${code},Občina ${code},O,1,1995/01/01,1995/01/01,${state},424258,96187\n`;

let dataDir: string;
let ledger: Ledger;
let kept: Consignment[];
let lines: string[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'klavze-inbox-'));
  ledger = openLedger({ path: ':memory:', clock });
  kept = [];
  lines = [];
});
afterEach(() => {
  ledger.close();
  rmSync(dataDir, { recursive: true });
});

const folder = (): string => join(dataDir, 'inbox');
const at = (...parts: string[]): string => join(folder(), 'gurs-rpe', ...parts);

function open(more: Partial<InboxOptions> = {}): Inbox {
  const log = (_: unknown, message?: string): void => void lines.push(String(message));
  const sink = {
    append(consignment: Consignment) {
      kept.push(consignment);
      return Promise.resolve();
    },
  };
  const adapters = new Map([['gurs-rpe', gurs]]);
  const logger = { info: log, warn: log, error: log };
  return createInbox({ folder: folder(), adapters, knowledge, sink, records: { ledger, dataDir }, clock, logger, stableMs: 0, ...more });
}

/** Looks twice: a file is taken when it is the same at the second look. */
async function take(inbox: Inbox) {
  await inbox.scan();
  return (await inbox.scan()).results;
}

describe('the inbox', () => {
  it('takes a file, publishes it and puts it in done with a report in Slovenian and English', async () => {
    const inbox = open();
    writeFileSync(at('obcine.csv'), head + town(1) + town(2, 'X'));
    expect(await take(inbox)).toMatchObject([{ adapter: 'gurs-rpe', file: 'obcine.csv', outcome: 'done', report: { entities: 1 } }]);
    expect(readdirSync(at())).toEqual(['done']);
    const report = readFileSync(at('done', 'obcine.csv.porocilo.txt'), 'utf8');
    expect(report).toContain('Izid: SPREJETO');
    expect(report).toContain('Outcome: ACCEPTED');
    expect(report).toMatch(
      /Vrstica 2: ENOTA = 26 \| OB_MID = 2 .*\r\n {2}Ugotovljeno \(invalid_value\): STATUS.*\r\n {2}Popravek: popravite vrednost/,
    );
    expect(report).toMatch(/Row 2: .*\r\n {2}Found \(invalid_value\): STATUS.*\r\n {2}To mend: correct the value/);
    expect(ledger.runs('gurs-rpe')).toMatchObject([{ trigger: 'inbox' }]);
  });

  it('puts what nothing is published of in refused, with the reason and what to do', async () => {
    const inbox = open();
    writeFileSync(at('stran.csv'), '<html><body>Prijava</body></html>');
    writeFileSync(at('vse-narobe.csv'), head + town(1, 'X'));
    writeFileSync(at('prazna.csv'), '');
    expect((await take(inbox)).map(({ file, outcome }) => [file, outcome])).toEqual([
      ['prazna.csv', 'refused'],
      ['stran.csv', 'refused'],
      ['vse-narobe.csv', 'refused'],
    ]);
    const report = readFileSync(at('refused', 'stran.csv.porocilo.txt'), 'utf8');
    expect(report).toContain('Izid: ZAVRNJENO');
    expect(report).toContain('Kaj storiti: to ni datoteka, ki jo ta mapa pričakuje');
    expect(readFileSync(at('refused', 'prazna.csv.porocilo.txt'), 'utf8')).toContain('datoteka je prazna');
    expect(kept.flatMap(({ publications }) => publications)).toEqual([]);
  });

  it('waits for a file that still grows, and for one that is open or hidden', async () => {
    const inbox = open({ stableMs: 200 });
    writeFileSync(at('raste.csv'), head);
    writeFileSync(at('odprta.csv'), head + town(1));
    writeFileSync(at('~$odprta.csv'), 'x');
    writeFileSync(at('prenos.csv.part'), head);
    expect(await inbox.scan()).toEqual({ results: [], waiting: 1 });
    appendFileSync(at('raste.csv'), town(1));
    expect(await inbox.scan()).toEqual({ results: [], waiting: 1 });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect((await inbox.scan()).results).toMatchObject([{ file: 'raste.csv', outcome: 'done' }]);
    rmSync(at('~$odprta.csv'));
    renameSync(at('prenos.csv.part'), at('prenos.csv'));
    await inbox.scan();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect((await inbox.scan()).results.map(({ file }) => file)).toEqual(['odprta.csv', 'prenos.csv']);
  });

  it('does nothing twice for the same content, whatever its name, and says so', async () => {
    const inbox = open();
    writeFileSync(at('a.csv'), head + town(1));
    await take(inbox);
    const appended = kept.length;
    writeFileSync(at('a.csv'), head + town(1));
    writeFileSync(at('b.csv'), head + town(1));
    expect((await take(inbox)).map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    expect(kept).toHaveLength(appended);
    expect(readdirSync(at('done')).filter((name) => name.endsWith('.csv'))).toEqual(['a-2.csv', 'a.csv', 'b.csv']);
    for (const name of ['a-2', 'b']) expect(readFileSync(at('done', `${name}.csv.porocilo.txt`), 'utf8')).toContain('je bila že obdelana');
    // Another mapping makes something else of it.
    writeFileSync(at('c.csv'), head + town(1));
    await take(open({ adapters: new Map([['gurs-rpe', { ...gurs, revision: '2' }]]) }));
    expect(kept.length).toBeGreaterThan(appended);
  });

  it('goes on where it was killed: before the ledger knows, and before the file is moved', async () => {
    writeFileSync(join(dataDir, 'x'), '');
    const inbox = open({ sink: { append: () => Promise.reject(new Error('killed')) } });
    writeFileSync(at('a.csv'), head + town(1));
    await inbox.scan();
    await expect(inbox.scan()).rejects.toThrow('killed');
    expect(existsSync(at('a.csv'))).toBe(true);
    await take(open());
    expect(kept.flatMap(({ publications }) => publications)).toHaveLength(1);
    const report = readFileSync(at('done', 'a.csv.porocilo.txt'), 'utf8');
    // As if the process had been killed before it moved the file.
    renameSync(at('done', 'a.csv'), at('a.csv'));
    await take(open());
    expect(kept.flatMap(({ publications }) => publications)).toHaveLength(1);
    expect(readFileSync(at('done', 'a.csv.porocilo.txt'), 'utf8')).toBe(report);
    expect(readdirSync(at('done'))).toEqual(['a.csv', 'a.csv.porocilo.txt']);
  });

  it('names files in a folder of no adapter once and leaves them', async () => {
    const inbox = open();
    mkdirSync(join(folder(), 'neznano'));
    writeFileSync(join(folder(), 'neznano', 'a.csv'), head);
    await take(inbox);
    await take(inbox);
    expect(lines).toEqual(['files lie in an inbox folder of no adapter']);
    expect(existsSync(join(folder(), 'neznano', 'a.csv'))).toBe(true);
  });

  it('repeats no cell of personal data', async () => {
    const inbox = open({ adapters: new Map([['gurs-rpe', { ...gurs, personal: true }]]) });
    writeFileSync(at('a.csv'), head + town(1) + town(2, 'X'));
    await take(inbox);
    expect(readFileSync(at('done', 'a.csv.porocilo.txt'), 'utf8')).not.toContain('OB_MID =');
  });

  it('is watched until it is told to stop', async () => {
    const watch = watchInbox(open(), { error: () => undefined }, 20);
    writeFileSync(at('a.csv'), head + town(1));
    const end = performance.now() + 10_000;
    while (!existsSync(at('done', 'a.csv'))) {
      if (performance.now() > end) throw new Error('it was not taken within 10 s');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await watch.stop();
  });
});

it('has words for a colleague in both languages for each code, be it to ask the operator', () => {
  for (const code of rejectionCodes) {
    for (const language of ['sl', 'en'] as const) expect(fixOf(code, language).length).toBeGreaterThan(10);
  }
  expect(fixOf('invalid_location', 'sl')).toContain('zamenjani');
});

it('reads a table that is larger than what is read at once piece by piece, and says what is not looked for then', async () => {
  const text = `name: t
vanished: mark
dataset: { publisher: P, licence: L, attribution: A }
format: csv
time: { column: T, format: iso }
type: AirQualityObserved
id: ['{K}']
location: { fixed: [14.02, 46] }
attributes: { pm10: P }`;
  const inbox = open({ adapters: new Map([['t', readTable(text, 't.yaml', knowledge.models)]]) });
  const path = join(folder(), 't', 'large.csv');
  const wide = 'x'.repeat(100_000);
  writeFileSync(path, 'K;T;P;other\n');
  for (let row = 0; row < 350; row += 1)
    appendFileSync(path, `k${row % 7};2026-01-0${1 + (row % 9)}T10:00;${row === 5 ? 'y' : 3};${wide}\n`);
  const results = await take(inbox);
  expect(results).toMatchObject([{ outcome: 'done', report: { received: 350, entities: 349, rejections: 1 } }]);
  expect(kept).toHaveLength(350);
  expect(lines.join()).toContain('what is gone since the last one is not looked for');
  expect(readFileSync(join(folder(), 't', 'done', 'large.csv.porocilo.txt'), 'utf8')).toContain('invalid_value');
});
