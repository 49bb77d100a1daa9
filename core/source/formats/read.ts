import type { Format } from '../../plugin.ts';
import { reject } from '../../rejection.ts';
import { err, type Result } from '../../result.ts';
import { parseGtfs } from './gtfs.ts';
import { defaultMaxBytes, parseDataset } from './parse.ts';
import type { Dataset } from './parsed.ts';
import { isZip } from './zip.ts';

/** `parseDataset`, and archives besides, which are unpacked as a stream. */
export async function readDataset(
  bytes: Uint8Array,
  format: Format,
  name: string,
  maxBytes: number = defaultMaxBytes,
): Promise<Result<Dataset>> {
  const forms: readonly Format[] = format.kind === 'oneOf' ? format.formats : [format];
  const gtfs = forms.find((one): one is Extract<Format, { kind: 'gtfs' }> => one.kind === 'gtfs');
  if (gtfs === undefined || !isZip(bytes)) return parseDataset(bytes, format, name, maxBytes);
  if (bytes.length > maxBytes) return err(reject('source', 'too_large', `${name} has ${bytes.length} bytes; at most ${maxBytes} are read`));
  return parseGtfs(bytes, gtfs, name);
}
