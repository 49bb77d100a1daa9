import type { Entity } from '../entity/entity.ts';
import type { Brief, Origin, Publication } from '../outbox/outbox.ts';
import { passRow, type Passage } from '../pipeline.ts';
import type { Adapter, DatasetFile, Row, ShortWay, SureState } from '../plugin.ts';
import { err, ok, type Result } from '../result.ts';
import type { AdapterRun } from './dataset.ts';
import { textBlocks } from './formats/csv-blocks.ts';
import { CsvTable } from './formats/csv-table.ts';
import { ndjsonRows } from './formats/ndjson.ts';
import { refusal } from './formats/parsed.ts';

/** Told what became of each row of a file, in its order. */
export interface RowTaker {
  /** Whether states are wanted as JSON. */
  readonly isPublishing: boolean;
  unwanted(): void;
  /** Went the short way; `row` counts from 1. */
  sure(state: SureState, row: number): void;
  /** Went the whole way. `said`: what an entity says, in the words of the short way. */
  passed(passage: Passage, said: (entity: Entity) => string): void;
  /** After each block of rows. */
  pause(): Promise<void>;
}

/** Reads a large file block by block. A row of a table goes the short way where its adapter has one and is sure of it, else the whole way. */
export async function eachRow(
  { adapter, knowledge, stations }: AdapterRun,
  path: string,
  name: string,
  encoding: string,
  fetchedAt: string,
  taker: RowTaker,
): Promise<Result<true>> {
  const { format } = adapter;
  const table = format.kind === 'csv' ? new CsvTable(format, name) : undefined;
  const file: DatasetFile = { header: {}, rows: [], fetchedAt, from: name };
  const wanted = stations === 'all' ? undefined : new Set(stations);
  let short: ShortWay | undefined;
  let said: (entity: Entity) => string = contentOf;
  let number = 0;

  function takeRow(row: Row, cells?: readonly string[]): void {
    // The short way counted it already.
    if (cells === undefined || short === undefined) number += 1;
    const key = wanted === undefined ? undefined : adapter.key(row);
    if (adapter.isWanted?.(row) === false || (key !== undefined && wanted?.has(key) === false)) return taker.unwanted();
    const passage = passRow(row, number, file, name, adapter, knowledge);
    const [only, ...more] = passage.publications;
    if (cells !== undefined && only !== undefined && more.length + passage.deadLetters.length === 0) short?.learn(cells, only.entity);
    taker.passed(passage, said);
  }

  function takeCells(cells: readonly string[]): boolean {
    number += 1;
    const state = short?.read(cells, taker.isPublishing);
    if (state === undefined) return false;
    if (state === 'unwanted') taker.unwanted();
    else taker.sure(state, number);
    return true;
  }

  let isFirst = true;
  let lines = 0;
  try {
    for (const { text, isLast } of textBlocks(path, encoding)) {
      if (isBinary(text, encoding))
        return err(refusal('wrong_encoding', `${name} holds bytes that are no text; expected UTF-8 or windows-1250`));
      if (isFirst && table !== undefined) {
        const begun = table.begin(text);
        if (!begun.ok) return begun;
        short = wanted === undefined ? shortWayOf(adapter, table, knowledge, file) : undefined;
        said = short?.said ?? contentOf;
      }
      isFirst = false;
      if (table === undefined) {
        const rows = ndjsonRows(text, name, lines);
        if (!rows.ok) return rows;
        lines += text.split('\n').length - 1;
        for (const row of rows.value) takeRow(row);
      } else {
        const read = table.visit(text, takeRow, short === undefined ? undefined : takeCells);
        if (!read.ok) return read;
      }
      await taker.pause();
      const ended = isLast ? table?.end(text !== '' && !/[\r\n]$/.test(text)) : undefined;
      if (ended?.ok === false) return ended;
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return err(refusal('wrong_encoding', `${name} is read as ${encoding} but holds bytes that are not`));
    if (error instanceof RangeError) return err(refusal('not_the_expected_format', `${name}: ${error.message}`));
    throw error;
  }
  return ok(true);
}

function shortWayOf(adapter: Adapter, table: CsvTable, { quantities }: AdapterRun['knowledge'], file: DatasetFile): ShortWay | undefined {
  return adapter.short?.(table.columns, (quantity) => quantities.get(quantity), file);
}

/** windows-1250 has no byte that cannot be read; those without a letter become control characters. */
function isBinary(text: string, encoding: string): boolean {
  return text.includes('\0') || (encoding === 'windows-1250' && /[\u0080-\u009f]/.test(text));
}

/** What an entity says, shorter than as JSON. */
function contentOf(entity: Entity): string {
  let content = '';
  for (const name in entity) {
    const attribute = entity[name];
    if (typeof attribute !== 'object') continue;
    const said = attribute.type === 'Relationship' ? attribute.object : attribute.value;
    content += `${name}\u0001${typeof said === 'object' ? JSON.stringify(said) : said}\u0001`;
  }
  return content;
}

/** The publication of a state that is written already: the outbox takes it as it is, and who looks into it reads it. */
export class WrittenPublication implements Publication {
  readonly origin: Origin;
  readonly json: string;
  readonly brief: Brief;

  constructor({ id, type, moment, names, json }: SureState, origin: Origin) {
    this.origin = origin;
    this.json = json;
    this.brief = { id, type, oldest: moment, newest: moment, names };
  }

  get entity(): Entity {
    return JSON.parse(this.json) as Entity;
  }

  toJSON(): Publication {
    return { entity: this.entity, origin: this.origin };
  }
}
