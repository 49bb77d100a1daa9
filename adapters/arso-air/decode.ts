import {
  accepted,
  columnPointer,
  coordinatesOf,
  decimal,
  err,
  numberOf,
  ok,
  plainName,
  refused,
  reject,
  requiredTexts,
  textOf,
  toWgs84,
  type DatasetFile,
  type Outcome,
  type Rejection,
  type Result,
  type Row,
} from '#core';
import { pollutants, type AirRecord, type Concentration, type Pollutant } from './record.ts';
import { endOfHour } from './time.ts';

/** One `postaja`. An absent pollutant is not measured there, an empty one has no value now: neither is published. A value that is none is refused alone. */
export function decode(row: Row, file: DatasetFile): Outcome<AirRecord> {
  const texts = requiredTexts(row, '@sifra', 'merilno_mesto');
  if (!texts.ok) return refused(texts.error);
  const [station, name] = texts.value;
  const observedAt = endOfHour(row, file.rows);
  if (!observedAt.ok) return refused(observedAt.error);
  const location = locate(row, station);
  if (!location.ok) return refused(location.error);

  const rejections: Rejection[] = [];
  const concentrations: { [P in Pollutant]?: Concentration } = {};
  for (const { column, attribute } of pollutants) {
    const value = concentrationOf(row, column);
    if (!value.ok) rejections.push(value.error);
    else if (value.value !== undefined) concentrations[attribute] = value.value;
  }
  if (Object.keys(concentrations).length === 0) return { values: [], rejections };
  const record = {
    station,
    name: plainName(name),
    observedAt: observedAt.value,
    location: location.value,
    concentrations,
  };
  return { ...accepted(record), rejections };
}

/** `<1` means below the detection limit of 1; the limit is kept together with that fact. */
function concentrationOf(row: Row, column: string): Result<Concentration | undefined> {
  const limit = /^<\s*(\S+)$/.exec(textOf(row, column) ?? '')?.[1];
  const value = limit === undefined ? undefined : decimal(limit);
  if (value !== undefined) return ok({ value, belowDetectionLimit: true });
  const number = numberOf(row, column);
  if (!number.ok) return err({ ...number.error, message: `${number.error.message} or one below the detection limit such as <1` });
  return ok(number.value === undefined ? undefined : { value: number.value });
}

/**
 * WGS84 where the row has it, else D96/TM, else the coordinates of older files: `ge_*` are WGS84 beside the codes of that time (E21),
 * but D48 beside today's (E403), 360 m away.
 */
function locate(row: Row, station: string): Result<readonly [number, number]> {
  const systems = [
    { columns: ['@wgs84_dolzina', '@wgs84_sirina'], crs: undefined },
    { columns: ['@d96_e', '@d96_n'], crs: 'EPSG:3794' },
    { columns: ['@ge_dolzina', '@ge_sirina'], crs: /^E\d\d$/.test(station) ? undefined : 'EPSG:3906' },
  ] as const;
  for (const { columns, crs } of systems) {
    const place = coordinatesOf(row, columns[0], columns[1]);
    if (!place.ok) return place;
    if (place.value !== undefined) return ok(crs === undefined ? place.value : toWgs84(...place.value, crs));
  }
  const message = `station ${station} has no coordinates; expected wgs84_dolzina and wgs84_sirina, d96_e and d96_n, or ge_dolzina and ge_sirina`;
  return err(reject('decode', 'missing_location', message, columnPointer('@wgs84_dolzina')));
}
