import { accepted, instant, numberOf, refused, reject, requiredTexts, type DatasetFile, type Outcome, type Row } from '#core';
import { decodePortal, timeColumn } from './portal.ts';
import { markOf } from './reading-type.ts';
import { targets, type MeterRecord } from './record.ts';

/** One value of one usage point, or a line of the portal's file. A placeholder is refused: the value comes later, with the same moment. */
export function decode(row: Row, file: DatasetFile): Outcome<MeterRecord> {
  if (Object.hasOwn(row, timeColumn)) return decodePortal(row, file);
  const texts = requiredTexts(row, 'usagePoint', 'readingType', 'timestamp', 'value');
  if (!texts.ok) return refused(texts.error);
  const [usagePoint, readingType, timestamp] = texts.value;
  if (!/^\d{18}$/.test(usagePoint)) {
    const message = `usagePoint is "${usagePoint}"; expected the 18 digits of a GSRN, which is not the number of the metering point`;
    return refused(reject('decode', 'invalid_value', message, '/usagePoint'));
  }
  const quantity = markOf(readingType);
  if (quantity === undefined || !Object.hasOwn(targets, quantity)) {
    const what = quantity === undefined ? readingType : `${quantity} (${readingType})`;
    const message = `readingType is ${what}, which moj-elektro does not publish; expected one of ${Object.keys(targets).join(', ')}`;
    return refused(reject('decode', 'unmapped_quantity', message, '/readingType'));
  }
  const observedAt = instant(timestamp);
  if (observedAt === undefined) {
    const message = `timestamp is "${timestamp}"; expected a moment with its offset such as 2026-05-30T00:15:00+02:00`;
    return refused(reject('decode', 'invalid_time', message, '/timestamp'));
  }
  const qualities = qualitiesOf(row['readingQualities']);
  if (qualities.some((quality) => /^\d+\.5\.259$/.test(quality))) {
    const message = `the value of ${observedAt} has not arrived yet (quality ${qualities.join(', ')}); its ${texts.value[3]} is a placeholder`;
    return refused(reject('decode', 'no_measurement', message, '/readingQualities'));
  }
  const value = numberOf(row, 'value');
  if (!value.ok) return refused(value.error);
  const isPlain = qualities.every((quality) => quality === '1.8.0');
  return accepted({ usagePoint, quantity, value: value.value ?? 0, observedAt, ...(!isPlain && { status: 'suspect' as const }) });
}

/** Codes of IEC 61968-9: a list of texts, or of objects that hold one. */
function qualitiesOf(list: unknown): string[] {
  const entries: unknown[] = Array.isArray(list) ? list : [list];
  return entries
    .flatMap((entry): unknown[] => (typeof entry === 'object' && entry !== null ? Object.values(entry) : [entry]))
    .filter((text): text is string => typeof text === 'string' && text !== '');
}
