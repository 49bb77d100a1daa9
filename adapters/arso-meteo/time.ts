import { err, instant, ok, reject, rfc822Instant, textOf, type Instant, type Result, type Row } from '#core';

/** Where the moment stands, best first: RFC 822 with its offset, then the days of `07.03.2024 8:40 UTC` (CET or CEST in `valid`). */
const columns = ['tsValid_issued_RFC822', 'valid_UTC', 'tsValid_issued_UTC', 'valid'];

/** When the observation is valid. Refuses `missing_field` and `invalid_time`; local time without a zone is never guessed. */
export function momentOf(row: Row): Result<Instant> {
  const column = columns.find((name) => textOf(row, name) !== undefined);
  if (column === undefined) return err(reject('decode', 'missing_field', `none of ${columns.join(', ')} has a time`, `/${columns[0]}`));
  const text = textOf(row, column) ?? '';
  const moment = rfc822Instant(text) ?? zonedInstant(text);
  if (moment !== undefined) return ok(moment);
  return err(
    reject('decode', 'invalid_time', `${column} is "${text}"; expected 07 Mar 2024 14:20:00 +0000 or 07.03.2024 14:20 UTC`, `/${column}`),
  );
}

/** Minutes from `validStart` to `validEnd`; undefined when one of them is not there. */
export function intervalOf(row: Row): number | undefined {
  const start = zonedInstant(textOf(row, 'validStart') ?? '');
  const end = zonedInstant(textOf(row, 'validEnd') ?? '');
  if (start === undefined || end === undefined || end <= start) return undefined;
  return (Date.parse(end) - Date.parse(start)) / 60_000;
}

const offsets: Readonly<Record<string, string>> = { UTC: 'Z', CET: '+01:00', CEST: '+02:00' };

/** `7.3.2024 8:40 UTC`: the hour comes without leading zero. */
function zonedInstant(text: string): Instant | undefined {
  const [, day = '', month = '', year = '', hour = '', minute = '', zone = ''] =
    /^(\d{1,2})\.(\d{1,2})\.(\d{4}) (\d{1,2}):(\d{2}) (UTC|CET|CEST)$/.exec(text) ?? [];
  return instant(`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${hour.padStart(2, '0')}:${minute}:00${offsets[zone] ?? ''}`);
}
