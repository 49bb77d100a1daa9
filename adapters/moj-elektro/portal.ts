import {
  err,
  localInstant,
  localInstants,
  numberOf,
  ok,
  refused,
  reject,
  requiredText,
  textOf,
  type DatasetFile,
  type Instant,
  type Outcome,
  type Result,
  type Row,
} from '#core';
import { dataset } from './dataset.ts';
import type { MeterRecord } from './record.ts';

/** Columns of the file that the portal gives to the holder, and the mark of what each is; P- and Q- have no attribute and are not read. */
const columns = {
  'Energija A+': 'A+',
  'Energija A-': 'A-',
  'Energija R+': 'R+',
  'Energija R-': 'R-',
  'P+ Prejeta delovna moč': 'P+',
  'Q+ Prejeta jalova moč': 'Q+',
} as const;

export const pointColumn = 'GSRN MM';
export const timeColumn = 'Časovna značka';

/** A quarter of an hour of one usage point: a record for each quantity. Numbers are kWh and kW, as the interface gives them. */
export function decodePortal(row: Row, file: DatasetFile): Outcome<MeterRecord> {
  const usagePoint = textOf(row, pointColumn) ?? '';
  if (!/^\d{18}$/.test(usagePoint)) {
    const message = `${pointColumn} is ${JSON.stringify(row[pointColumn])}; expected the 18 digits of a GSRN as text (a spreadsheet that saves it as a number loses the last ones)`;
    return refused(reject('decode', 'invalid_value', message, `/${pointColumn}`));
  }
  const observedAt = endOfQuarter(row, file.rows);
  if (!observedAt.ok) return refused(observedAt.error);
  const outcome: Outcome<MeterRecord> = { values: [], rejections: [] };
  for (const [column, quantity] of Object.entries(columns)) {
    const cell = row[column];
    const value = numberOf(typeof cell === 'number' ? { [column]: String(cell) } : row, column);
    if (!value.ok) outcome.rejections.push(value.error);
    else if (value.value !== undefined) outcome.values.push({ usagePoint, quantity, value: value.value, observedAt: observedAt.value });
  }
  return outcome;
}

/**
 * The stamp is the end of the quarter in local time without zone. In the hour that repeats in autumn a stamp stands twice: in a file that
 * runs oldest first the upper row is the earlier one, newest first the later. Anything else is refused as `ambiguous_time`.
 */
function endOfQuarter(row: Row, rows: readonly Row[]): Result<Instant> {
  const text = requiredText(row, timeColumn);
  if (!text.ok) return text;
  const [earlier, later] = localInstants(text.value, dataset.timezone) ?? [];
  const plain = localInstant(text.value, dataset.timezone, `/${timeColumn}`);
  if (plain.ok || earlier === undefined || later === undefined) return plain;
  const own = rows.filter((other) => textOf(other, pointColumn) === textOf(row, pointColumn));
  const twins = own.filter((other) => textOf(other, timeColumn) === text.value);
  const stamps = own.map((other) => textOf(other, timeColumn) ?? '');
  const [first = '', last = ''] = [stamps[0], stamps.at(-1)];
  const place = twins.indexOf(row);
  if (twins.length !== 2 || place < 0 || first === last) return err(plain.error);
  return ok((place === 0) === first < last ? earlier : later);
}
