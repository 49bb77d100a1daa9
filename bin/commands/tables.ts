import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';

import { attributesOf, type Entity } from '../../core/entity/entity.ts';
import { passRow } from '../../core/pipeline.ts';
import type { Adapter, DatasetFile } from '../../core/plugin.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { readTableFile } from '../../core/service/tables.ts';
import { readDataset } from '../../core/source/formats/read.ts';
import { foundIn } from '../../core/source/found-words.ts';
import { fixOf } from '../../core/source/inbox-words.ts';
import { draftOf } from '../../core/table/draft.ts';
import { gridOf } from '../../core/table/grid.ts';
import { guessOf } from '../../core/table/guess.ts';
import { adapterNamed, clock, note } from '../adapters.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { readBytes } from './entity.ts';
import { languageOf, type Language } from './language.ts';

interface NewOptions {
  readonly name?: string;
  readonly output?: string;
  readonly lang?: string;
  readonly config?: string;
}

interface CheckOptions {
  readonly input?: string;
  readonly rows?: string;
  readonly lang?: string;
  readonly json?: boolean;
  readonly config?: string;
}

export function tableCommand(): Command {
  const table = new Command('table').description('spreadsheets and other tables by mapping');
  table
    .command('new')
    .argument('<file>', 'CSV, XLSX, ODS, JSON, NDJSON or GeoJSON')
    .description('look at a file and write a first mapping, with its doubts marked')
    .option('--name <name>', 'name of the table (default: of the file)')
    .option('--output <file>', 'where to write it (default: the tables folder; - is standard output)')
    .option('--lang <sl|en>', 'language of the comments (default: of LANG)')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(create);
  table
    .command('check')
    .argument('<mapping>', 'mapping file, or the name of a table in the tables folder')
    .description('check a mapping and show the first rows of a file beside the entities that they become')
    .option('--input <file>', 'a file of the table; without it the mapping alone is checked')
    .option('--rows <n>', 'rows to show', '5')
    .option('--lang <sl|en>', 'language of the words (default: of LANG)')
    .option('--json', 'print one JSON object a line')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .action(check);
  return table;
}

function create(file: string, options: NewOptions): void {
  const grid = gridOf(readBytes(file), basename(file));
  if (!grid.ok) throw new CommandFailure(exitCodes.dataRefused, grid.error.message);
  const name = options.name ?? nameOf(file);
  const guess = guessOf(grid.value, loadModels().types);
  const language = languageOf(options.lang);
  const draft = draftOf(grid.value, guess, name, basename(file), language);
  if (options.output === '-') {
    process.stdout.write(draft);
    return;
  }
  const target = options.output ?? join(loadConfig(process.env, process.cwd(), options.config).tablesDir, `${name}.yaml`);
  if (existsSync(target)) throw new CommandFailure(exitCodes.usage, `${target} exists already; it is not written over`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, draft);
  process.stdout.write(`${target}\n`);
  const doubts = draft.split('\n').filter((line) => /^\s*# (DOUBT|DVOM)/.test(line));
  for (const line of doubts) note(line.trim().slice(2));
}

/** A name that a table may have: `Odčitki marec.xlsx` → `odcitki-marec`. */
function nameOf(file: string): string {
  const plain = basename(file)
    .replace(/\.[^.]*$/, '')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase();
  const name = plain.replace(/[^a-z0-9]+/g, '-').replace(/^[-0-9]+|-+$/g, '');
  return name === '' ? 'table' : name;
}

async function check(mapping: string, options: CheckOptions): Promise<void> {
  const knowledge = await loadKnowledge();
  const config = loadConfig(process.env, process.cwd(), options.config);
  const adapter = existsSync(mapping)
    ? readTableFile(mapping, knowledge.models)
    : adapterNamed(mapping, { ...knowledge, ...(await loadKnowledge(config)) });
  const { publisher, licence, attribution } = adapter.dataset;
  for (const [key, text] of Object.entries({ publisher, licence, attribution })) {
    if (/^(fill in|izpolnite)$/.test(text)) note(`dataset.${key} still says "${text}"; it is published with the data`);
  }
  if (options.input === undefined) {
    process.stdout.write(options.json === true ? `${JSON.stringify({ mapping: adapter.name, faults: 0 })}\n` : `${adapter.name}: ok\n`);
    return;
  }
  const parsed = await readDataset(readBytes(options.input), adapter.format, basename(options.input));
  if (!parsed.ok) throw new CommandFailure(exitCodes.dataRefused, parsed.error.message);
  const { rows, header } = parsed.value;
  const file: DatasetFile = { header, rows, fetchedAt: clock() };
  const most = Number(options.rows);
  const language = languageOf(options.lang);
  const counts = { rows: 0, filtered: 0, entities: 0, rejections: 0 };
  for (const [index, row] of rows.entries()) {
    if (adapter.isWanted?.(row) === false) {
      counts.filtered += 1;
      continue;
    }
    counts.rows += 1;
    const { publications, deadLetters } = passRow(row, index + 1, file, basename(options.input), adapter as Adapter, knowledge);
    counts.entities += publications.length;
    counts.rejections += deadLetters.length;
    const entities = publications.map(({ entity }) => entity);
    const rejections = deadLetters.map(({ rejection }) => rejection);
    if (index >= most && rejections.length === 0) continue;
    if (options.json === true) process.stdout.write(`${JSON.stringify({ row, entities, rejections })}\n`);
    else if (index < most) process.stdout.write(beside(row, entities, rejections, language));
    else for (const rejection of rejections) process.stdout.write(`${refusalOf(rejection, language)}\n`);
  }
  process.stdout.write(`${options.json === true ? JSON.stringify({ summary: counts }) : summaryOf(counts, language)}\n`);
  if (counts.entities === 0) throw new CommandFailure(exitCodes.dataRefused, `no row of ${options.input} becomes an entity`);
}

function refusalOf({ code, message }: { code: string; message: string }, language: Language): string {
  const refusal = `  ! ${code}: ${foundIn(message, language)}`;
  return language === 'en' ? refusal : `${refusal}\n    ${fixOf(code, language)}`;
}

function summaryOf(counts: Record<'rows' | 'filtered' | 'entities' | 'rejections', number>, language: Language): string {
  const { rows, filtered, entities, rejections } = counts;
  if (language === 'sl') return `vrstic: ${rows} (izpuščenih: ${filtered}), entitet: ${entities}, zavrnitev: ${rejections}`;
  return `${rows} rows (${filtered} filtered), ${entities} entities, ${rejections} rejections`;
}

/** Half of a terminal of 100 columns. */
const half = 42;

/** The row on the left, what it becomes on the right, and what was refused below. */
function beside(
  row: Readonly<Record<string, unknown>>,
  entities: readonly Entity[],
  rejections: readonly { code: string; message: string }[],
  language: Language,
): string {
  const left = Object.entries(row)
    .filter(([name]) => !name.startsWith('@'))
    .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  const right = entities.flatMap((entity) => [
    entity.id.replace('urn:ngsi-ld:', ''),
    ...attributesOf(entity).map(([name, attribute]) => `  ${name} ${shown(attribute)}`),
  ]);
  const lines = Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
    `${cut(left[index] ?? '', half).padEnd(half)} | ${cut(right[index] ?? '', 55)}`.trimEnd(),
  );
  const place = row['@line'] === undefined ? '' : ` ${language === 'sl' ? 'vrstica' : 'line'} ${String(row['@line'])} `;
  return [`--${place}`.padEnd(100, '-'), ...lines, ...rejections.map((rejection) => refusalOf(rejection, language)), ''].join('\n');
}

function shown(attribute: Exclude<Entity[string], string>): string {
  const value: unknown = attribute.type === 'Relationship' ? attribute.object : attribute.value;
  const moment = typeof value === 'object' && value !== null && '@value' in value ? value['@value'] : value;
  const text = typeof moment === 'object' ? JSON.stringify((moment as { coordinates?: unknown }).coordinates ?? moment) : String(moment);
  const { unitCode, observedAt } = attribute as { unitCode?: string; observedAt?: string };
  return [text, unitCode, observedAt === undefined ? undefined : `@ ${observedAt.replace(/:00\.000Z$/, 'Z')}`]
    .filter((part) => part !== undefined)
    .join(' ');
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
