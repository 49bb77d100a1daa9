import { err, ok, reject, textOf, type DatasetFile, type Result, type Row } from '#core';
import { areaCode, areaName } from './municipalities.ts';
import { periodForm } from './period.ts';
import { indicatorOf, isTotal, slug } from './indicator.ts';

const areaVariable = /^OB[ČC]IN|MUNICIPALIT|^display_name$/i;
const timeVariable = /^(?:LETO|MESEC|DAN|POLLETJE|[ČC]ETRTLETJE|YEAR|MONTH|DAY|HALF-?YEAR|QUARTER)$/i;
const measureVariable = /^(?:MERITVE|MEASURES?)$/i;
/** Members of the form in which others have grouped the monthly nights. */
const grouped: readonly string[] = ['name', 'data', 'countryOrder', 'countryNameEnglish'];

/** What one cell of a table is about, in whichever of its forms. */
export interface Cell {
  readonly area: string;
  readonly areaName: string;
  readonly period: string;
  readonly measure: string;
  readonly indicator: string;
  readonly value: string;
  readonly status: string;
}

/** The area of a row, also for the filter. */
export function areaOf(row: Row): string | undefined {
  const variable = Object.keys(row).find((name) => areaVariable.test(name));
  return variable === undefined ? undefined : areaCode(textOf(row, variable) ?? '');
}

/** Refuses `missing_field` and `invalid_value`. */
export function cellOf(row: Row, { header }: DatasetFile): Result<Cell> {
  const variables = Object.keys(row).filter((name) => !name.startsWith('@'));
  const variable = variables.find((name) => areaVariable.test(name));
  const place = variable === undefined ? undefined : textOf(row, variable);
  if (variable === undefined || place === undefined) return missing('a municipality (OBČINE)', '/OBČINE');
  const area = areaCode(place);
  if (area === undefined) {
    return err(
      reject('decode', 'invalid_value', `${variable} is "${place}"; expected a municipality or 0 for the country`, `/${variable}`),
    );
  }
  const column = textOf(row, '@column') ?? '';
  const time = variables.find((name) => name === textOf(header, '@time') || timeVariable.test(name));
  const period = time === undefined ? periodForm.exec(column)?.[0] : textOf(row, time);
  if (period === undefined) return missing('a period (MESEC, POLLETJE, LETO)', '/MESEC');
  const measured = variables.find((name) => name === textOf(header, '@measure') || measureVariable.test(name));
  const measure = measureOf(row, header, measured, column);
  if (measure === undefined || /^\d+$/.test(measure))
    return missing('words for what is counted (ask for json-stat2, which has them)', '/MERITVE');
  const others = variables.filter((name) => ![variable, time, measured].includes(name) && (name === 'name' || !grouped.includes(name)));
  const categories = others.flatMap((name) => {
    const code = textOf(row, name) ?? '';
    const label = textOf(row, `@label:${name}`);
    return code === '' || isTotal(name, code, label) ? [] : [{ id: `${slug(name)}-${slug(code)}`, words: label ?? `${name} ${code}` }];
  });
  const inner = row['data'] as Row | undefined;
  return ok({
    area,
    areaName: areaName(area),
    period,
    measure: [measure, ...categories.map(({ words }) => words)].join(', '),
    indicator: [indicatorOf(measure), ...categories.map(({ id }) => id)].join('.'),
    value: typeof inner === 'object' ? (textOf(inner, 'data') ?? '') : (textOf(row, '@value') ?? ''),
    status: textOf(row, '@status') ?? '',
  });
}

/** The words of the measure, else of the column without its period, else of the title up to what it is divided by. */
function measureOf(row: Row, header: Row, measured: string | undefined, column: string): string | undefined {
  if (measured !== undefined) return textOf(row, `@label:${measured}`) ?? textOf(row, measured);
  const inner = row['data'] as Row | undefined;
  if (typeof inner === 'object') return textOf(inner, 'meritve');
  const words = column.replace(periodForm, '').trim();
  if (words !== '') return words;
  return (textOf(header, '@title') ?? '').split(/ po[: ]| by /i, 1)[0]?.trim() || undefined;
}

function missing(what: string, pointer: string): Result<never> {
  return err(reject('decode', 'missing_field', `the row does not say ${what}`, pointer));
}
