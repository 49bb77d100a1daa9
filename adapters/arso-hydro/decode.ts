import {
  accepted,
  columnPointer,
  coordinatesOf,
  err,
  instant,
  localInstant,
  numberOf,
  ok,
  plainName,
  refused,
  reject,
  requiredText,
  requiredTexts,
  textOf,
  toWgs84,
  type Instant,
  type Outcome,
  type Rejection,
  type Result,
  type Row,
} from '#core';
import { dataset } from './dataset.ts';
import { quantities, type Field, type HydroRecord } from './record.ts';

/** One `postaja` of version 1.3 or 1.5. An absent, empty or self-closed value is no value and is not published; 0 is one. */
export function decode(row: Row): Outcome<HydroRecord> {
  const texts = requiredTexts(row, '@sifra', 'reka', 'merilno_mesto');
  if (!texts.ok) return refused(texts.error);
  const [station, river, place] = texts.value;
  const observedAt = momentOf(row);
  if (!observedAt.ok) return refused(observedAt.error);
  const location = locate(row, station);
  if (!location.ok) return refused(location.error);

  const rejections: Rejection[] = [];
  const values: { [F in Field]?: number } = {};
  for (const { column, field, divisor } of quantities) {
    const number = numberOf(row, column);
    if (!number.ok) rejections.push(number.error);
    else if (number.value !== undefined) values[field] = number.value / divisor;
  }
  if (Object.keys(values).length === 0) return { values: [], rejections };
  const record = {
    station,
    name: plainName(`${river} - ${place}`),
    observedAt: observedAt.value,
    location: location.value,
    values,
  };
  return { ...accepted(record), rejections };
}

/** Version 1.5 has `datum_cet`, Central European Time without summer time, which is never ambiguous; version 1.3 only local time. */
function momentOf(row: Row): Result<Instant> {
  const cet = textOf(row, 'datum_cet');
  if (cet !== undefined) {
    const moment = instant(`${cet}+01:00`);
    if (moment !== undefined) return ok(moment);
    return err(reject('decode', 'invalid_time', `datum_cet is "${cet}"; expected a time such as 2026-05-01 10:00`, '/datum_cet'));
  }
  const local = requiredText(row, 'datum');
  return local.ok ? localInstant(local.value, dataset.timezone, '/datum') : local;
}

/**
 * Version 1.5 gives WGS84. Version 1.3 gives `ge_*`, degrees in D48 (station 1060: 16.000253 there, 15.9953 in WGS84), except for the
 * sea buoys, which have no gauge zero `kota_0` and were placed in WGS84 from the start.
 */
function locate(row: Row, station: string): Result<readonly [number, number]> {
  const wgs84 = coordinatesOf(row, '@wgs84_dolzina', '@wgs84_sirina');
  if (!wgs84.ok) return wgs84;
  if (wgs84.value !== undefined) return ok(wgs84.value);
  const older = coordinatesOf(row, '@ge_dolzina', '@ge_sirina');
  if (!older.ok) return older;
  if (older.value !== undefined) return ok(textOf(row, '@kota_0') === undefined ? older.value : toWgs84(...older.value, 'EPSG:3906'));
  const message = `station ${station} has no coordinates; expected wgs84_dolzina and wgs84_sirina, or ge_dolzina and ge_sirina`;
  return err(reject('decode', 'missing_location', message, columnPointer('@wgs84_dolzina')));
}
