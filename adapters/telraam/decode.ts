import {
  accepted,
  instant,
  numberOf,
  refused,
  reject,
  requiredTexts,
  secondsAfter,
  textOf,
  type DatasetFile,
  type Outcome,
  type Rejection,
  type Row,
} from '#core';
import { modes, ways, type Count, type HourRecord, type Mode } from './record.ts';

/** With less of the hour seen, the source itself calls its extrapolation unreliable. */
const leastUptime = 0.5;
const secondsPerHour = 3600;
/** Of all cameras of the segment together. */
const allCameras = '-1';

/** One hour. An hour that was hardly seen, or not over yet, is refused: its zeros are no counts. */
export function decode(row: Row, file: DatasetFile): Outcome<HourRecord> {
  const texts = requiredTexts(row, 'segment_id', 'date', 'interval');
  if (!texts.ok) return refused(texts.error);
  const [segment, date, interval] = texts.value;
  if (interval !== 'hourly') {
    return refused(reject('decode', 'invalid_value', `interval is "${interval}"; expected hourly (format per-hour)`, '/interval'));
  }
  const observedFrom = instant(date);
  if (observedFrom === undefined) {
    const message = `date is "${date}"; expected the start of an hour in UTC such as 2026-05-01T07:00:00.000Z`;
    return refused(reject('decode', 'invalid_time', message, '/date'));
  }
  const observedAt = secondsAfter(observedFrom, secondsPerHour);
  if (observedAt > file.fetchedAt) {
    return refused(reject('decode', 'no_measurement', `the hour from ${observedFrom} is not over; it is read again when it is`, '/date'));
  }
  const uptime = numberOf(row, 'uptime');
  if (!uptime.ok) return refused(uptime.error);
  if (uptime.value === undefined || uptime.value < leastUptime || uptime.value > 1) {
    const message = `segment ${segment} was seen for ${uptime.value ?? 'an unknown share'} of the hour from ${observedFrom}; expected ${leastUptime} to 1`;
    return refused(reject('decode', 'no_measurement', message, '/uptime'));
  }
  const { counts, rejections } = countsOf(row);
  const camera = textOf(row, 'instance_id');
  if (counts.length === 0) return { values: [], rejections };
  return {
    ...accepted({ segment, ...(camera !== undefined && camera !== allCameras && { camera }), observedFrom, observedAt, counts }),
    rejections,
  };
}

function countsOf(row: Row): { counts: Count[]; rejections: Rejection[] } {
  const counts: Count[] = [];
  const rejections: Rejection[] = [];
  for (const mode of Object.keys(modes) as Mode[]) {
    for (const way of ways) {
      const count = numberOf(row, mode + way);
      if (!count.ok) rejections.push(count.error);
      else if (count.value !== undefined && count.value < 0) {
        const message = `${mode + way} is ${count.value}; expected a count of 0 or more`;
        rejections.push(reject('decode', 'invalid_value', message, `/${mode + way}`));
      } else if (count.value !== undefined) counts.push({ mode, way, count: count.value });
    }
  }
  return { counts, rejections };
}
