import {
  accepted,
  coordinatesOf,
  plainName,
  refused,
  reject,
  requiredTexts,
  textOf,
  toWgs84,
  type Outcome,
  type Rejection,
  type Row,
} from '#core';
import { dataset } from './dataset.ts';
import type { UnitRecord } from './record.ts';

/** Kinds of units, by the beginning of their columns: municipality, settlement, part of a municipality (local community, quarter). */
const kinds = { OB: 'municipality', NA: 'settlement', ODO: 'part' } as const;
type Prefix = keyof typeof kinds;

/** One row of `OB`, `NA` or `ODO`, or one feature of their boundaries. Units that are no longer valid are refused. */
export function decode(row: Row): Outcome<UnitRecord> {
  const prefix = prefixOf(row);
  const texts = requiredTexts(row, `${prefix}_UIME`, 'STATUS');
  if (!texts.ok) return refused(texts.error);
  const [name, status] = texts.value;
  const code = codeOf(row, prefix);
  if (code === undefined) {
    const [column, expected] =
      prefix === 'OB' ? ['OB_ID', 'the number of a municipality, 1 to 999'] : [`${prefix}_MID`, 'a permanent number'];
    return refused(reject('decode', 'invalid_value', `${column} is "${textOf(row, column) ?? ''}"; expected ${expected}`, `/${column}`));
  }
  if (status !== 'V') {
    return refused(reject('decode', 'invalid_value', `STATUS of ${name} is "${status}"; only valid units (V) are published`, '/STATUS'));
  }
  const location = placeOf(row, name);
  if ('code' in location) return refused(location);
  const localName = textOf(row, `${prefix}_DJ`);
  return accepted({
    kind: kinds[prefix],
    code,
    name: plainName(name),
    ...(localName !== undefined && localName !== name && { otherName: plainName(localName) }),
    location,
  });
}

/**
 * For the filter: a municipality by its number, a settlement by the permanent number of its municipality (`OB_MID`), another unit by its own.
 */
export function key(row: Row): string | undefined {
  const prefix = prefixOf(row);
  return prefix === 'NA' ? textOf(row, 'OB_MID') : codeOf(row, prefix);
}

function prefixOf(row: Row): Prefix {
  if (Object.hasOwn(row, 'NA_UIME')) return 'NA';
  return Object.hasOwn(row, 'ODO_UIME') ? 'ODO' : 'OB';
}

/** `36` of a municipality, also where it is written `036` as statistics do; the permanent number of other units. */
function codeOf(row: Row, prefix: Prefix): string | undefined {
  if (prefix === 'OB') return /^0*([1-9]\d{0,2})$/.exec(textOf(row, 'OB_ID') ?? '')?.[1];
  return /^\d{5,}$/.exec(textOf(row, `${prefix}_MID`) ?? '')?.[0];
}

/** The boundary in WGS84 where the row is a feature with one, else the middle in D96/TM. */
function placeOf(row: Row, name: string): UnitRecord['location'] | Rejection {
  const { type, coordinates } = (row['@geometry'] ?? {}) as { type?: unknown; coordinates?: unknown };
  if ((type === 'Polygon' || type === 'MultiPolygon') && Array.isArray(coordinates)) return { type, coordinates };
  const middle = coordinatesOf(row, 'CEN_E', 'CEN_N');
  if (!middle.ok) return middle.error;
  if (middle.value !== undefined) return { type: 'Point', coordinates: toWgs84(...middle.value, dataset.crs) };
  return reject('decode', 'missing_location', `${name} has no coordinates; expected CEN_E and CEN_N`, '/CEN_E');
}
