import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { utils, write } from '@e965/xlsx';
import fc from 'fast-check';

import type { Consignment } from '../../core/outbox/outbox.ts';
import { packageRoot } from '../../core/paths.ts';
import type { Adapter } from '../../core/plugin.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { readTable } from '../../core/service/tables.ts';
import { runAdapter } from '../../core/source/dataset.ts';
import { draftOf } from '../../core/table/draft.ts';
import { gridOf } from '../../core/table/grid.ts';
import { guessOf } from '../../core/table/guess.ts';

const knowledge = await loadKnowledge();
const { types } = knowledge.models;

/** The spreadsheet of the walk-through. */
const sheet = utils.aoa_to_sheet([
  ['Komunala Idrija – odčitki vodomerov, marec 2026', null, null, null, null],
  [],
  ['Števec', 'Merilno mesto', 'Datum odčitka', 'Stanje [m³]', 'Opomba'],
  ['V-0012', 'Osnovna šola Idrija', '1. 3. 2026', '1.234,567', null],
  ['V-0013', 'Vrtec Idrija', '1. 3. 2026', '845,2', null],
  ['V-0014', 'Mestna knjižnica', '2. 3. 2026', '-', 'zamrznjen'],
  ['V-0015', 'Športna dvorana', '29. 3. 2026', '2.010,05', null],
]);
sheet['!merges'] = [{ s: { r: 0, c: 0 }, e: { r: 0, c: 4 } }];
const workbook = write({ SheetNames: ['Odčitki'], Sheets: { Odčitki: sheet } }, { type: 'buffer', bookType: 'xlsx' }) as Buffer;

function draft(bytes: Uint8Array, file = 'f.csv', language: 'sl' | 'en' = 'en'): string {
  const grid = gridOf(bytes, file);
  return grid.ok ? draftOf(grid.value, guessOf(grid.value, types), 'tabela', file, language) : grid.error.code;
}

async function run(adapter: Adapter, bytes: Uint8Array) {
  const consignments: Consignment[] = [];
  const sink = { append: (one: Consignment) => Promise.resolve(void consignments.push(one)) };
  const input = { kind: 'file', bytes, name: 'f' } as const;
  const report = await runAdapter({ adapter, knowledge, input, stations: 'all', sink, clock: () => '2030-01-01T00:00:00.000Z' });
  return { report, entities: consignments.flatMap(({ publications }) => publications.map(({ entity }) => entity)) };
}

describe.each(['add-a-spreadsheet.md', 'add-a-spreadsheet.sl.md'])('%s', (page) => {
  it('has a mapping that makes of the spreadsheet what it shows', async () => {
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(packageRoot, 'docs', page), 'utf8')) ?? [];
    const { report, entities } = await run(readTable(yaml, page, knowledge.models), workbook);
    expect(report).toMatchObject({ outcome: 'published', received: 4, entities: 3, rejections: 1, codes: { no_measurement: 1 } });
    expect(entities[0]).toMatchObject({
      id: 'urn:ngsi-ld:WaterConsumptionObserved:komunala-idrija:V-0012',
      waterConsumption: { value: 1_234_567, unitCode: 'LTR', observedAt: '2026-03-01T11:00:00.000Z' },
      name: { value: 'Vodomer Osnovna šola Idrija' },
    });
    // The clock was put forward that night: noon is two hours ahead of UTC, not one.
    expect(entities[2]?.['waterConsumption']).toMatchObject({ value: 2_010_050, observedAt: '2026-03-29T10:00:00.000Z' });
  });
});

describe('a first mapping', () => {
  it.each(['sl', 'en'] as const)('of the spreadsheet works as it is, with its doubts in %s', async (language) => {
    const text = draft(workbook, 'odčitki.xlsx', language);
    expect(text).toContain(language === 'sl' ? '# DVOM: je "Števec" trajni ključ' : '# DOUBT: is "Števec" the lasting key');
    const { report, entities } = await run(readTable(text, 'draft', knowledge.models), workbook);
    expect(report).toMatchObject({ entities: 3, rejections: 1 });
    expect(entities[0]?.['waterConsumption']).toMatchObject({ value: 1_234_567, unitCode: 'LTR' });
  });

  it('finds delimiter, decimal mark, dates with times, both kinds of coordinates', () => {
    const air = draft(
      Buffer.from('Šifra;Datum;PM10 [ug/m3];Lat;Lon\nA1;1.3.2026 10:00;12,5;46,01;14,02\nA2;1.3.2026 11:00;13,25;46,02;14,03\n'),
    );
    expect(air).toMatch(/type: AirQualityObserved/);
    expect(air).toMatch(/decimal: ","/);
    expect(air).toMatch(/format: d\. M\. yyyy H:mm/);
    expect(air).toMatch(/latitude: Lat/);
    expect(air).toMatch(/pm10:\n\s+column: PM10 \[ug\/m3\]\n\s+unit: ug\/m3/);
    const parking = draft(
      Buffer.from('Parkirišče,Naziv,Število mest,D96_E,D96_N\nP1,Mestni trg,40,424258,96187\nP2,Lapajnetova,25,424300,96200\n'),
    );
    expect(parking).toMatch(/crs: EPSG:3794/);
    expect(parking).toMatch(/DOUBT: are the coordinates in EPSG:3794/);
    expect(parking).toMatch(/totalSpotNumber/);
  });

  it.each([
    ['PointOfInterest', 'ID;Znamenitost;Naziv;Opis;e;n\n1;x;Grad;Muzej;425050;95670\n2;x;Rov;Rudnik;424904;95531\n'],
    ['PointOfInterest', 'ID;Point of interest;Name;Description;Lat;Lon\n1;x;Castle;Museum;46.0;14.02\n2;x;Mine;Mine;46.0;14.03\n'],
    ['ConsumptionPoint', 'Odjemno mesto;Naziv;Lat;Lon\n1;Šola;46,0;14,02\n2;Vrtec;46,01;14,03\n'],
    ['ConsumptionPoint', 'Metering point;Name;Lat;Lon\n1;School;46.0;14.02\n2;Kindergarten;46.01;14.03\n'],
    ['Building', 'Šifra;Stavba;Etaže\nS1;Šola;3\nS2;Vrtec;2\n'],
    ['Building', 'Code;Building;Floors\nS1;School;3\nS2;Kindergarten;2\n'],
  ])('knows %s by its words', (type, content) => {
    const text = draft(Buffer.from(content));
    expect(text).toMatch(new RegExp(`^type: ${type}$`, 'm'));
    expect(() => readTable(text, 'draft', knowledge.models)).not.toThrow();
    if (type === 'Building') expect(text).toMatch(/DOUBT: the model requires category, address as well/);
  });

  it.each([
    'Objekt;Mesec;Energent;Poraba;Enota;Strošek\nŠola;1/2026;elektrika;1.234,5;kWh;200,10\nVrtec;12/2026;plin;12,5;m3;9,00\n',
    'Building;Month;Energy carrier;Consumption;Unit;Cost\nŠola;1/2026;elektrika;1.234,5;kWh;200,10\nVrtec;12/2026;plin;12,5;m3;9,00\n',
  ])('knows energy bookkeeping, with carrier and unit of each row', async (content) => {
    const bytes = Buffer.from(content);
    const { report, entities } = await run(readTable(draft(bytes), 'draft', knowledge.models), bytes);
    expect(report).toMatchObject({ entities: 2, rejections: 0 });
    expect(entities[1]).toMatchObject({
      id: 'urn:ngsi-ld:ConsumptionCost:tabela:Vrtec:12-2026:plin',
      month: { value: '12' },
      energyConsumedAndCost: {
        value: [{ energyType: 'plin', energyConsumed: { measurementUnit: 'MTQ', value: 12.5 }, totalCost: { currency: 'EUR', value: 9 } }],
      },
    });
  });

  it('reads JSON, NDJSON and GeoJSON too', () => {
    expect(draft(Buffer.from('{"result":{"records":[{"kazalnik":"K1","vrednost":1.5}]}}'))).toMatch(/rows:\n\s+- result\n\s+- records/);
    expect(draft(Buffer.from('{"kazalnik":"K1","vrednost":1}\n{"kazalnik":"K2","vrednost":2}\n'))).toMatch(/kind: ndjson/);
    const feature = { type: 'Feature', geometry: { type: 'Point', coordinates: [14.02, 46] }, properties: { id: 'a', naziv: 'Rake' } };
    expect(draft(Buffer.from(JSON.stringify({ type: 'FeatureCollection', features: [feature] })))).toMatch(/geometry: true/);
  });

  it.each([
    ['HTML', '<html></html>', 'not_the_expected_format'],
    ['a text', 'Dragi sodelavci, prilagam.', 'not_the_expected_format'],
    ['nothing', '', 'not_the_expected_format'],
    ['a list of numbers', '[1,2]', 'not_the_expected_format'],
  ])('is refused of %s', (_what, content, code) => expect(draft(Buffer.from(content))).toBe(code));

  it('never throws, and what it writes can always be read', () => {
    const cell = fc.oneof(
      fc.constantFrom('1,5', '1.234', '2026-01-01', '1. 3. 2026', '-', '', 'Števec', 'Stanje [m3]', 'x: y', '{a}', "'"),
      fc.string({ maxLength: 8 }),
    );
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(fc.property(table, (lines) => void draft(Buffer.from(lines.map((line) => line.join(';')).join('\n')))));
  });
});
