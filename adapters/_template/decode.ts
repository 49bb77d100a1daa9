import { accepted, coordinatesOf, localInstant, numberOf, plainName, refused, reject, requiredText, type Outcome, type Row } from '#core';
import { dataset } from './dataset.ts';
import type { StationRecord } from './record.ts';

/** One `station`. Units are converted here, once; bad data is refused with the column, its value and what was expected. */
export function decode(row: Row): Outcome<StationRecord> {
  const station = requiredText(row, '@id');
  if (!station.ok) return refused(station.error);
  const name = requiredText(row, 'name');
  if (!name.ok) return refused(name.error);
  const time = requiredText(row, 'time');
  if (!time.ok) return refused(time.error);
  const observedAt = localInstant(time.value, dataset.timezone, '/time');
  if (!observedAt.ok) return refused(observedAt.error);
  const location = coordinatesOf(row, '@lon', '@lat');
  if (!location.ok) return refused(location.error);
  if (location.value === undefined) {
    return refused(reject('decode', 'missing_location', `station ${station.value} has no lon and lat`, '/@lon'));
  }
  const no2 = numberOf(row, 'no2');
  if (!no2.ok) return refused(no2.error);
  // Absent or empty: nothing is refused here, the row is counted as no_measurement.
  if (no2.value === undefined) return accepted();
  return accepted({
    station: station.value,
    name: plainName(name.value),
    observedAt: observedAt.value,
    location: location.value,
    no2: no2.value,
  });
}
