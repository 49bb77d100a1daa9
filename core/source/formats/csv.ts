import { ok, type Result } from '../../result.ts';
import { CsvTable, type CsvFormat } from './csv-table.ts';
import type { Dataset } from './parsed.ts';
import { decodeText } from './text.ts';

/**
 * Reads a CSV file (RFC 4180, also with another delimiter). The header is the first of the upper lines that has every column of the
 * format; what stands above it is the dataset's header under `@title`. Encoding by byte order mark, else UTF-8, else windows-1250.
 * Cells stay strings; a cell that a short line lacks is absent.
 * Refuses as a whole: `wrong_encoding`, `not_the_expected_format` (HTML, no such header, a column twice, a line with too many cells, unless
 * the format makes such lines rows with `@fault`), `truncated_file` (an open quote, a last line that is cut).
 */
export function parseCsv(bytes: Uint8Array, format: CsvFormat, name: string): Result<Dataset> {
  const decoded = decodeText(bytes, name, 'windows-1250', format.encoding);
  if (!decoded.ok) return decoded;
  const table = new CsvTable(format, name);
  const begun = table.begin(decoded.value);
  if (!begun.ok) return begun;
  const rows = table.rows(decoded.value);
  if (!rows.ok) return rows;
  const ended = table.end(!/[\r\n]$/.test(decoded.value));
  if (!ended.ok) return ended;
  return ok({ header: table.title.length === 0 ? {} : { '@title': table.title.join('\n') }, rows: rows.value });
}
