import { err, localInstant, localInstants, ok, reject, requiredText, textOf, type Instant, type Result, type Row } from '#core';
import { dataset } from './dataset.ts';

const hour = 60 * 60 * 1000;

/**
 * The end of a row's hour, `datum_do` in local time without zone. In the hour that repeats in autumn:
 * 1. the row is the one hour from `datum_od` to `datum_do` (the source converts both ends, as `01:00`–`03:00` in spring shows);
 * 2. two rows of a station with the same interval, in a file that runs newest first: the upper is the later one;
 * 3. anything else is refused as `ambiguous_time`.
 */
export function endOfHour(row: Row, rows: readonly Row[]): Result<Instant> {
  const text = requiredText(row, 'datum_do');
  if (!text.ok) return text;
  const ends = localInstants(text.value, dataset.timezone) ?? [];
  const starts = localInstants(textOf(row, 'datum_od') ?? '', dataset.timezone) ?? [];
  if (ends.length === 0 || (ends.length === 1 && starts.length !== 2)) return localInstant(text.value, dataset.timezone, '/datum_do');

  const station = rows.filter((other) => textOf(other, '@sifra') === textOf(row, '@sifra'));
  const twins = station.filter((other) => isSame(other, row, 'datum_do') && isSame(other, row, 'datum_od'));
  const isOneHour = (end: Instant): boolean => starts.some((start) => Date.parse(end) - Date.parse(start) === hour);
  const [end, another] = ends.length === 1 ? ends : ends.filter(isOneHour);
  if (twins.length === 1 && end !== undefined && another === undefined) return ok(end);
  if (twins.length === 2 && starts.length === 1 && end !== undefined && runsNewestFirst(station)) {
    const later = ends[twins.indexOf(row) === 0 ? 1 : 0];
    if (later !== undefined) return ok(later);
  }
  return err(
    reject(
      'decode',
      'ambiguous_time',
      `datum_od "${textOf(row, 'datum_od') ?? ''}", datum_do "${text.value}" in ${dataset.timezone} may be one of two hours: the clock was put back and the rows beside it do not tell`,
      '/datum_do',
    ),
  );
}

function isSame(one: Row, other: Row, column: string): boolean {
  return textOf(one, column) === textOf(other, column);
}

/** True when the station's rows prove the order: none is newer than the one above it, and the first is newer than the last. */
function runsNewestFirst(station: readonly Row[]): boolean {
  const ends = station.map((row) => textOf(row, 'datum_do') ?? '');
  return ends.every((end, index) => index === 0 || end <= (ends[index - 1] ?? '')) && (ends[0] ?? '') > (ends.at(-1) ?? '');
}
