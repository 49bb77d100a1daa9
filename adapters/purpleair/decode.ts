import {
  accepted,
  coordinatesOf,
  deviceInstant,
  plainName,
  readPurpleair,
  refused,
  reject,
  requiredText,
  textOf,
  type DatasetFile,
  type Outcome,
  type Row,
  type StationValues,
} from '#core';

/** One sensor. Each unusable value is refused alone; both dust sensors out of order cost the dust only. */
export function decode(row: Row, file: DatasetFile): Outcome<StationValues> {
  const index = requiredText(row, 'sensor_index');
  if (!index.ok) return refused(index.error);
  // A list without last_seen is as old as its data.
  const seen = textOf(row, 'last_seen') ?? textOf(file.header, 'data_time_stamp');
  const observedAt = deviceInstant(seen);
  if (observedAt === undefined) {
    const message = `last_seen is ${seen === undefined ? 'absent, as is data_time_stamp' : `"${seen}"`}; expected Unix time in seconds`;
    return refused(reject('decode', 'invalid_time', message, '/last_seen'));
  }
  const location = coordinatesOf(row, 'longitude', 'latitude');
  if (!location.ok) return refused(location.error);
  if (location.value === undefined) {
    return refused(reject('decode', 'missing_location', `sensor ${index.value} has no latitude and longitude`, '/latitude'));
  }
  const { values, rejections } = readPurpleair(row, observedAt, '');
  const [measurement] = values;
  if (measurement === undefined) return { values: [], rejections };
  const name = plainName(textOf(row, 'name') ?? '');
  return {
    ...accepted({
      station: index.value,
      name: name === '' ? `PurpleAir ${index.value}` : name,
      observedAt,
      location: location.value,
      values: measurement.values,
    }),
    rejections,
  };
}
