import { CsvError, parse } from 'csv-parse';

import { err, ok, type Result } from '../../result.ts';
import { otherFormat, refusal } from './parsed.ts';
import { refused, type ZipEntry } from './zip.ts';

/** A row of a GTFS table by its columns. */
export type GtfsRow = Readonly<Record<string, string>>;

/** Rows kept of one table; more belong to a larger area than this is made for. */
const mostRows = 500_000;

/**
 * Streams one table out of the archive and keeps the rows that are wanted, so that a national timetable needs memory for those of the area
 * only. UTF-8 with or without byte order mark; cells are trimmed. Refuses what is no such table, and an archive whose bytes are not as it says.
 */
export async function readTable(
  entry: ZipEntry,
  columns: readonly string[],
  isWanted: (row: GtfsRow) => boolean,
  archive: string,
): Promise<Result<GtfsRow[]>> {
  const name = `${entry.name} in ${archive}`;
  const rows: GtfsRow[] = [];
  let names: readonly string[] | undefined;
  try {
    const stream = await entry.open();
    const parser = parse({ bom: true, trim: true, skip_empty_lines: true, relax_column_count_less: true });
    stream.on('error', (error) => parser.destroy(error));
    for await (const record of stream.pipe(parser) as AsyncIterable<string[]>) {
      if (names === undefined) {
        names = record;
        const missing = columns.filter((column) => !record.includes(column));
        if (missing.length > 0) return otherFormat(`${name} has no column ${missing.join(', ')}`);
        continue;
      }
      const row = rowOf(names, record);
      if (!isWanted(row)) continue;
      rows.push(row);
      if (rows.length > mostRows)
        return err(refusal('too_large', `${name} has more than ${mostRows} rows in the area; choose a smaller one`));
    }
  } catch (error) {
    if (error instanceof CsvError) {
      const isCut = error.code === 'CSV_QUOTE_NOT_CLOSED';
      return err(refusal(isCut ? 'truncated_file' : 'not_the_expected_format', `${name}: ${error.message}`));
    }
    return err(refused(error, name));
  }
  return names === undefined ? otherFormat(`${name} is empty; expected a header`) : ok(rows);
}

function rowOf(names: readonly string[], record: readonly string[]): GtfsRow {
  const row: Record<string, string> = {};
  for (let at = 0; at < names.length; at++) {
    const cell = record[at];
    if (cell !== undefined && cell !== '') row[names[at] as string] = cell;
  }
  return row;
}
