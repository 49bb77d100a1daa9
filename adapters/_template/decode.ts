import { accepted, coordinatesOf, localInstant, numberOf, plainName, refused, reject, requiredTexts, type Outcome, type Row } from '#core';
import { dataset } from './dataset.ts';
import type { AirRecord } from './record.ts';

/** One `station`. Units are converted here, once; bad data is refused with the column, its value and what was expected. */
export function decode(row: Row): Outcome<AirRecord> {
  const texts = requiredTexts(row, '@id', 'name', 'time');
  if (!texts.ok) return refused(texts.error);
  const [station, name, time] = texts.value;
  const observedAt = localInstant(time, dataset.timezone, '/time');
  if (!observedAt.ok) return refused(observedAt.error);
  const location = coordinatesOf(row, '@lon', '@lat');
  if (!location.ok) return refused(location.error);
  if (location.value === undefined) {
    return refused(reject('decode', 'missing_location', `station ${station} has no lon and lat`, '/@lon'));
  }
  const no2 = numberOf(row, 'no2');
  if (!no2.ok) return refused(no2.error);
  // Absent or empty: nothing is refused here, the row is counted as no_measurement.
  if (no2.value === undefined) return accepted();
  return accepted({
    station,
    name: plainName(name),
    observedAt: observedAt.value,
    location: location.value,
    no2: no2.value,
  });
}
