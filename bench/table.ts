/**
 * A CSV of a million rows through a table mapping, beside a bare csv-parse loop over the same file, and seven days of air quality in the form
 * of the publisher, in a heap of 160 MB: a larger one is filled with what could be collected. `npm run bench:table -- [--rows 1000000]`; figures as JSON.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, openSync, closeSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse';

import type { Adapter } from '../core/plugin.ts';
import { loadKnowledge } from '../core/service/knowledge.ts';
import { readTable } from '../core/service/tables.ts';
import { runAdapter, type AdapterRun } from '../core/source/dataset.ts';

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, write: { type: 'string' } } });
const rows = Number(values.rows);

/** Eight columns become eight attributes: six measured, the moment and the name; place and source stand beside them. */
const mapping = `
name: bench
dataset: { publisher: Bench, licence: none, attribution: Bench }
format: { kind: csv, decimal: ',' }
time: { column: Čas, format: dd.MM.yyyy HH:mm }
type: AirQualityObserved
id: [bench, '{Postaja}']
location: { fixed: [14.02, 46] }
attributes:
  name: Postaja
  pm10: PM10
  pm25: PM2.5
  no2: NO2
  o3: O3
  so2: SO2
  temperature: T
`;

// The file is written by a process of its own, whose memory is not counted in.
if (values.write !== undefined) {
  writeCsv(values.write);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'klavze-bench-'));
let peakRss = 0;
const watch = setInterval(() => (peakRss = Math.max(peakRss, process.memoryUsage.rss())), 50);
const knowledge = await loadKnowledge();
try {
  const table = readTable(mapping, 'bench.yaml', knowledge.models);
  const csv = join(folder, 'bench.csv');
  execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--rows', String(rows), '--write', csv]);
  const before = process.memoryUsage.rss();
  const streamed = await timed(() => run(table, { kind: 'path', path: csv, name: 'bench.csv' }));
  // The parser's loop comes after it, so that its memory is not counted in.
  const peak = Math.max(peakRss, process.memoryUsage.rss());
  const bare = await timed(() => bareLoop(csv));
  const air = knowledge.adapters.get('arso-air') as Adapter;
  const xml = Buffer.from(sevenDays());
  const days = await timed(() => run(air, { kind: 'file', bytes: xml, name: 'seven-days.xml' }));
  const rate = (seconds: number): number => Math.round(rows / seconds);
  const report = {
    table: {
      rows,
      entities: streamed.result.entities,
      rejections: streamed.result.rejections,
      seconds: round(streamed.seconds),
      // On a machine that others use as well, the time that this process had.
      cpuSeconds: round(streamed.cpuSeconds),
      // The whole run, in which the file is read twice: once to see whether it may be published at all. What is handed over is not stored.
      rowsPerSecond: rate(streamed.seconds),
      rowsPerCpuSecond: rate(streamed.cpuSeconds),
      rssBeforeMb: Math.round(before / 1024 / 1024),
      peakRssMb: Math.round(peak / 1024 / 1024),
    },
    bareCsvParse: {
      rows: bare.result,
      seconds: round(bare.seconds),
      cpuSeconds: round(bare.cpuSeconds),
      rowsPerSecond: rate(bare.seconds),
      rowsPerCpuSecond: rate(bare.cpuSeconds),
    },
    arsoSevenDays: {
      bytes: xml.length,
      rows: days.result.received,
      entities: days.result.entities,
      seconds: round(days.seconds),
      cpuSeconds: round(days.cpuSeconds),
    },
    node: process.version,
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  clearInterval(watch);
  rmSync(folder, { recursive: true });
}

function run(adapter: Adapter, input: AdapterRun['input']) {
  const sink = { append: () => Promise.resolve() };
  return runAdapter({ adapter, knowledge, input, stations: 'all', sink, clock: () => '2030-01-01T00:00:00.000Z' });
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number; cpuSeconds: number }> {
  const start = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

async function bareLoop(file: string): Promise<number> {
  let count = 0;
  for await (const record of createReadStream(file).pipe(parse({ delimiter: ';', from_line: 2 })))
    count += (record as string[]).length > 0 ? 1 : 0;
  return count;
}

/** Fifty stations, every ten minutes, oldest first. */
function writeCsv(path: string): void {
  const file = openSync(path, 'w');
  let block = 'Postaja;Čas;PM10;PM2.5;NO2;O3;SO2;T\n';
  const start = Date.UTC(2025, 0, 1);
  for (let row = 0; row < rows; row += 1) {
    const time = new Date(start + Math.floor(row / 50) * 600_000);
    const two = (value: number): string => String(value).padStart(2, '0');
    const stamp = `${two(time.getUTCDate())}.${two(time.getUTCMonth() + 1)}.${time.getUTCFullYear()} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`;
    const value = (factor: number): string => String(((row * factor) % 997) / 10).replace('.', ',');
    block += `P-${100 + (row % 50)};${stamp};${value(7)};${value(3)};${value(11)};${value(13)};${value(5)};${value(2)}\n`;
    if (block.length > 1_000_000) {
      writeSync(file, block);
      block = '';
    }
  }
  writeSync(file, block);
  closeSync(file);
}

/** 23 stations, 168 hours, newest first. */
function sevenDays(): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const stamp = (ms: number): string => {
    const time = new Date(ms);
    return `${time.getUTCFullYear()}-${two(time.getUTCMonth() + 1)}-${two(time.getUTCDate())} ${two(time.getUTCHours())}:00`;
  };
  const rows: string[] = [];
  for (let hour = 0; hour < 168; hour += 1) {
    const end = Date.UTC(2026, 5, 20, 12) - hour * 3_600_000;
    for (let station = 0; station < 23; station += 1) {
      const place = `d96_e="${430000 + station * 1000}" d96_n="${100000 + station * 500}" wgs84_dolzina="14.${100 + station}" wgs84_sirina="46.${100 + station}" nadm_visina="${300 + station}"`;
      rows.push(
        `<postaja sifra="E${403 + station}" ${place}><merilno_mesto>Postaja ${station}</merilno_mesto>` +
          `<datum_od>${stamp(end - 3_600_000)}</datum_od><datum_do>${stamp(end)}</datum_do><so2>&lt;1</so2><o3>${(hour * 7 + station) % 120}</o3>` +
          `<no2>${(hour + station) % 60}</no2><nox>${(hour + station) % 90}</nox><pm10>${(hour * 3 + station) % 50}</pm10><pm2.5></pm2.5></postaja>`,
      );
    }
  }
  const header =
    '<vir>Agencija RS za okolje</vir><predlagan_zajem>45 minut čez polno uro</predlagan_zajem><predlagan_zajem_perioda>60 min</predlagan_zajem_perioda>';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<arsopodatki verzija="1.5">${header}<datum_priprave>2026-06-20 12:45</datum_priprave>${rows.join('\n')}</arsopodatki>`;
}

function round(seconds: number): number {
  return Number(seconds.toFixed(2));
}
