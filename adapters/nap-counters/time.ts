import {
  err,
  instant,
  localInstants,
  ok,
  reject,
  requiredText,
  secondsAfter,
  textOf,
  type DatasetFile,
  type Instant,
  type Result,
  type Row,
} from '#core';
import { dataset } from './dataset.ts';

/** A collection is made up to a minute after the newest counts in it; clocks differ by some seconds more. */
const toleranceSeconds = 120;

/**
 * The end of the counting period: `updated` in UTC, which must agree with the local `stevci_datum` and `stevci_ura` where those are given.
 * Counters whose clock runs ahead stamp counts with moments after the collection was made: refused as `future_time`.
 */
export function endOfPeriod(row: Row, file: DatasetFile): Result<Instant> {
  const text = requiredText(row, 'updated');
  if (!text.ok) return text;
  const moment = instant(text.value);
  if (moment === undefined) {
    return err(
      reject('decode', 'invalid_time', `updated is "${text.value}"; expected a moment in UTC such as 2026-05-01T08:00:00Z`, '/updated'),
    );
  }
  const date = textOf(row, 'stevci_datum');
  const time = textOf(row, 'stevci_ura');
  if (date !== undefined && time !== undefined) {
    const local = `${date.split('/').reverse().join('-')} ${time}`;
    if (localInstants(local, dataset.timezone)?.includes(moment) !== true) {
      const message = `updated is ${text.value} but stevci_datum and stevci_ura are ${date} ${time}; expected the same moment in ${dataset.timezone}`;
      return err(reject('decode', 'invalid_time', message, '/stevci_ura'));
    }
  }
  const made = instant(textOf(file.header, 'updated') ?? '') ?? file.fetchedAt;
  if (moment > secondsAfter(made, toleranceSeconds)) {
    const message = `updated is ${moment}, after the collection was made (${made}); the counter's clock runs ahead`;
    return err(reject('decode', 'future_time', message, '/updated'));
  }
  return ok(moment);
}
