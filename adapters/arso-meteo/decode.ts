import {
  accepted,
  columnPointer,
  coordinatesOf,
  err,
  numberOf,
  ok,
  plainName,
  refused,
  reject,
  requiredTexts,
  textOf,
  type Outcome,
  type Rejection,
  type Result,
  type Row,
} from '#core';
import { quantities, type Attribute, type MeteoRecord, type Value } from './record.ts';
import { intervalOf, momentOf } from './time.ts';

/** One `metData` of the newest, the all-stations or the history file. Empty means "not available" and is not published. */
export function decode(row: Row): Outcome<MeteoRecord> {
  const texts = requiredTexts(row, 'domain_meteosiId', textOf(row, 'domain_longTitle') === undefined ? 'domain_title' : 'domain_longTitle');
  if (!texts.ok) return refused(texts.error);
  const [station, name] = texts.value;
  const observedAt = momentOf(row);
  if (!observedAt.ok) return refused(observedAt.error);
  const location = locate(row, station);
  if (!location.ok) return refused(location.error);

  const rejections: Rejection[] = [];
  const values: { [A in Attribute]?: Value } = {};
  for (const quantity of quantities) {
    const value = valueOf(row, quantity);
    if (!value.ok) rejections.push(value.error);
    else if (value.value !== undefined) values[quantity.attribute] = value.value;
  }
  if (Object.keys(values).length === 0) return { values: [], rejections };
  const intervalMinutes = intervalOf(row);
  const record = {
    station,
    name: plainName(name),
    observedAt: observedAt.value,
    location: location.value,
    ...(intervalMinutes === undefined ? {} : { intervalMinutes }),
    values,
  };
  return { ...accepted(record), rejections };
}

/** A value in the model's unit. Refuses it when the file states another unit than the one it is read in: `unsupported_unit`. */
function valueOf(row: Row, { column, state, unitColumn, unit, divisor }: (typeof quantities)[number]): Result<Value | undefined> {
  const number = numberOf(row, column);
  if (!number.ok) return number;
  if (number.value === undefined) return ok(undefined);
  const stated = textOf(row, unitColumn)?.replace('²', '2');
  if (stated !== undefined && stated !== unit) {
    return err(reject('decode', 'unsupported_unit', `${column} is in "${stated}"; expected ${unit}`, columnPointer(unitColumn)));
  }
  // 12 digits hide the noise of the division.
  const value = Number((number.value / divisor).toPrecision(12));
  return ok((textOf(row, state) ?? '0') === '0' ? { value } : { value, suspect: true });
}

function locate(row: Row, station: string): Result<readonly [number, number]> {
  const place = coordinatesOf(row, 'domain_lon', 'domain_lat');
  if (!place.ok) return place;
  if (place.value !== undefined) return ok(place.value);
  return err(
    reject('decode', 'missing_location', `station ${station} has no coordinates; expected domain_lon and domain_lat`, '/domain_lon'),
  );
}
