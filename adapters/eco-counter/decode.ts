import { deviceInstant, numberOf, refused, reject, requiredText, secondsAfter, type DatasetFile, type Outcome, type Row } from '#core';
import type { CountRecord } from './record.ts';

const secondsPerHour = 3600;

/** One hour of a site. `counts` is a number, null where the counter sent nothing, or a number for each channel. */
export function decode(row: Row, file: DatasetFile): Outcome<CountRecord> {
  const site = siteOf(file.from ?? '');
  if (site === undefined) {
    const message = `${file.from ?? 'the file'} does not say of which site it is; give the file the number of the site as its name, such as 100012345.json`;
    return refused(reject('decode', 'missing_field', message));
  }
  const date = requiredText(row, 'date');
  if (!date.ok) return refused(date.error);
  const observedFrom = deviceInstant(date.value);
  if (observedFrom === undefined || !observedFrom.endsWith(':00:00.000Z')) {
    const message = `date is "${date.value}"; expected the start of an hour with its offset such as 2026-05-01T07:00:00+0000 (step=hour)`;
    return refused(reject('decode', 'invalid_time', message, '/date'));
  }
  const observedAt = secondsAfter(observedFrom, secondsPerHour);
  if (observedAt > file.fetchedAt) {
    return refused(reject('decode', 'no_measurement', `the hour from ${observedFrom} is not over; it is read again when it is`, '/date'));
  }
  const counts = countsOf(row['counts']);
  if (counts.length === 0) {
    return refused(reject('decode', 'no_measurement', `site ${site} sent no count of the hour from ${observedFrom}`, '/counts'));
  }
  const outcome: Outcome<CountRecord> = { values: [], rejections: [] };
  for (const [channel, value] of counts) {
    const count = numberOf({ counts: value }, 'counts');
    const where = channel === undefined ? '/counts' : `/counts/${channel}`;
    if (!count.ok || (count.value !== undefined && (!Number.isInteger(count.value) || count.value < 0))) {
      const message = `counts is ${JSON.stringify(value).slice(0, 80)}; expected whole passages, 0 or more, or null`;
      outcome.rejections.push(reject('decode', 'invalid_value', message, where));
    } else if (count.value !== undefined) {
      outcome.values.push({ site, ...(channel !== undefined && { channel }), observedFrom, observedAt, count: count.value });
    }
  }
  return outcome;
}

/** The number of the site in the address, or in the name of a file. */
function siteOf(from: string): string | undefined {
  return (/\/site\/(\d{1,15})\b/.exec(from) ?? /(?:^|\D)(\d{6,15})\D*$/.exec(from))?.[1];
}

/** Counts by channel, none for a gap; undefined names the whole site. Of all channels the sum is the site's. */
function countsOf(counts: unknown): (readonly [channel: string | undefined, value: unknown])[] {
  if (counts === '' || counts === undefined) return [];
  if (typeof counts !== 'object' || counts === null || Array.isArray(counts)) return [[undefined, counts]];
  const channels = Object.entries(counts);
  const given = channels.filter(([, value]) => value !== '');
  const isWhole = given.length === channels.length && given.every(([, value]) => typeof value === 'string' && /^\d{1,9}$/.test(value));
  const sum = given.reduce((total, [, value]) => total + Number(value), 0);
  return isWhole && given.length > 0 ? [[undefined, String(sum)], ...given] : given;
}
