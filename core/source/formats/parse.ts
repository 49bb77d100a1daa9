import type { Format } from '../../plugin.ts';
import { reject } from '../../rejection.ts';
import { err, type Result } from '../../result.ts';
import { parseCsv } from './csv.ts';
import { parseGeoJson } from './geojson.ts';
import { parseJsonRows } from './json.ts';
import { parseNdjson } from './ndjson.ts';
import { parseXlsx } from './xlsx.ts';
import { parseOneOf } from './one-of.ts';
import { otherFormat, type Dataset } from './parsed.ts';
import { parseStatistics } from './statistics.ts';
import { parseXml } from './xml.ts';

/** Above this a file is refused unread. The largest known dataset is a few megabytes. */
export const defaultMaxBytes = 32 * 1024 * 1024;

/**
 * A dataset file as rows, or why it is refused as a whole; nothing of a refused file is published. Never throws.
 * `name` (file or URL) stands in the messages.
 */
export function parseDataset(bytes: Uint8Array, format: Format, name: string, maxBytes: number = defaultMaxBytes): Result<Dataset> {
  if (bytes.length > maxBytes) {
    return err(reject('source', 'too_large', `${name} has ${bytes.length} bytes; at most ${maxBytes} are read`));
  }
  if (bytes.length === 0)
    return err(reject('source', 'empty_payload', `${name} is empty; expected a dataset in ${format.kind.toUpperCase()}`));
  switch (format.kind) {
    case 'xml':
      return parseXml(bytes, format, name);
    case 'json':
      return parseJsonRows(bytes, format, name);
    case 'geojson':
      return parseGeoJson(bytes, format, name);
    case 'csv':
      return parseCsv(bytes, format, name);
    case 'xlsx':
      return parseXlsx(bytes, format, name);
    case 'ndjson':
      return parseNdjson(bytes, format, name);
    case 'statistics':
      return parseStatistics(bytes, name);
    case 'gtfs':
      return otherFormat(`${name} is no ZIP archive; expected a GTFS feed`);
    case 'oneOf':
      return parseOneOf(format.formats, (one) => parseDataset(bytes, one, name, maxBytes));
  }
}
