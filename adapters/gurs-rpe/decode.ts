import { accepted, coordinatesOf, plainName, refused, reject, requiredTexts, textOf, toWgs84, type Outcome, type Row } from '#core';
import { dataset } from './dataset.ts';
import type { MunicipalityRecord } from './record.ts';

/** One row of `OB`. Units that are no longer valid are refused. */
export function decode(row: Row): Outcome<MunicipalityRecord> {
  const texts = requiredTexts(row, 'OB_UIME', 'STATUS');
  if (!texts.ok) return refused(texts.error);
  const [name, status] = texts.value;
  const code = municipalityCode(row);
  if (code === undefined) {
    const message = `OB_ID is "${textOf(row, 'OB_ID') ?? ''}"; expected the number of a municipality, 1 to 999`;
    return refused(reject('decode', 'invalid_value', message, '/OB_ID'));
  }
  if (status !== 'V') {
    return refused(reject('decode', 'invalid_value', `STATUS of ${name} is "${status}"; only valid units (V) are published`, '/STATUS'));
  }
  const middle = coordinatesOf(row, 'CEN_E', 'CEN_N');
  if (!middle.ok) return refused(middle.error);
  if (middle.value === undefined) {
    return refused(reject('decode', 'missing_location', `${name} has no coordinates; expected CEN_E and CEN_N`, '/CEN_E'));
  }
  return accepted({ code, name: plainName(name), location: toWgs84(...middle.value, dataset.crs) });
}

/** `36`, also where it is written `036` as statistics do. */
export function municipalityCode(row: Row): string | undefined {
  return /^0*([1-9]\d{0,2})$/.exec(textOf(row, 'OB_ID') ?? '')?.[1];
}
