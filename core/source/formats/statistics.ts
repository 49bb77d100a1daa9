import type { Result } from '../../result.ts';
import { isJsonStat, isPxJson, parseJsonStat, parsePxJson } from './json-stat.ts';
import { parseTree } from './json.ts';
import { beginning, otherFormat, type Dataset } from './parsed.ts';
import { parsePxCsv } from './px-csv.ts';
import { isPx, parsePx } from './px.ts';
import { decodeText } from './text.ts';

/**
 * A table of a statistical office in any form that PxWeb gives it: JSON-stat 2 or 1, PxWeb's own JSON, PX, CSV. Which one, the content says.
 * One row per cell, see `Format` in `core/plugin.ts`.
 */
export function parseStatistics(bytes: Uint8Array, name: string): Result<Dataset> {
  const decoded = decodeText(bytes, name, 'windows-1250');
  if (!decoded.ok) return decoded;
  const text = decoded.value;
  if (/^\s*[{[]/.test(text)) {
    const tree = parseTree(bytes, name, 'a statistical table');
    if (!tree.ok) return tree;
    if (isJsonStat(tree.value)) return parseJsonStat(tree.value, name);
    if (isPxJson(tree.value)) return parsePxJson(tree.value, name);
    return otherFormat(`${name} is JSON, but neither JSON-stat nor what PxWeb answers`);
  }
  if (/^\s*</.test(text)) return otherFormat(`${name} ${beginning(text, 'a statistical table')}`);
  return isPx(text) ? parsePx(text, name) : parsePxCsv(text, name);
}
