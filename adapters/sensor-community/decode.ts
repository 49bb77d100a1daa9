import {
  accepted,
  coordinatesOf,
  localInstant,
  plainName,
  readParts,
  refused,
  reject,
  requiredText,
  sensorCommunityTable,
  type Outcome,
  type Row,
  type StationValues,
} from '#core';
import { dataset } from './dataset.ts';
import { partsOf } from './parts.ts';

/** One measurement of one sensor. Each unusable value is refused alone; a line without any is `no_measurement`. */
export function decode(row: Row): Outcome<StationValues> {
  const { sensor, type, place, values } = partsOf(row);
  if (sensor === undefined || !/^\d{1,12}$/.test(sensor) || type === undefined) {
    const message = `the sensor is ${sensor ?? 'not named'} of type ${type ?? 'unknown'}; expected its number and its type`;
    return refused(reject('decode', 'missing_field', message, '/sensor'));
  }
  const time = requiredText(row, 'timestamp');
  if (!time.ok) return refused(time.error);
  const observedAt = localInstant(time.value, dataset.timezone, '/timestamp');
  if (!observedAt.ok) return refused(observedAt.error);
  const location = coordinatesOf(place, 'lon', 'lat');
  if (!location.ok) return refused(location.error);
  if (location.value === undefined) return refused(reject('decode', 'missing_location', `sensor ${sensor} has no latitude and longitude`));

  const { values: measurements, rejections } = readParts([{ fields: values, table: sensorCommunityTable, pointer: '' }], observedAt.value);
  const [measurement] = measurements;
  if (measurement === undefined) return { values: [], rejections };
  const { values: read } = measurement;
  return {
    ...accepted({
      station: sensor,
      name: plainName(`${type} ${sensor}`),
      observedAt: observedAt.value,
      location: location.value,
      values: read,
    }),
    rejections,
  };
}
