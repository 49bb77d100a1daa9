import { accepted, decimal, plainName, refused, reject, textOf, type DatasetFile, type Outcome, type Row } from '#core';
import { cellOf } from './cell.ts';
import { isCount } from './indicator.ts';
import { periodOf } from './period.ts';
import type { FigureRecord } from './record.ts';

/** What stands where there is no figure, in the words of the source's legend. None of them is a zero. */
const markers: Readonly<Record<string, string>> = {
  '-': 'no occurrence',
  z: 'confidential',
  N: 'too unreliable to be published',
  '.': 'not applicable',
  '..': 'not available',
  '...': 'not available',
  '…': 'not available',
  '....': 'not available',
};

/** One cell of a table. A marker is no figure, and a figure with the remark M is a less reliable estimate. */
export function decode(row: Row, file: DatasetFile): Outcome<FigureRecord> {
  const cell = cellOf(row, file);
  if (!cell.ok) return refused(cell.error);
  const { area, areaName, indicator, measure, value, status } = cell.value;
  const [, digits = '', remark = ''] = /^(.*\d)\s*([A-Za-z]?)$/.exec(value) ?? [];
  if (digits === '') {
    const marker = value === '' ? status : value;
    const meaning = markers[marker] ?? (marker === '' ? 'no value' : undefined);
    if (meaning === undefined) {
      return refused(reject('decode', 'invalid_value', `@value is "${marker}"; expected a number or one of z, N, -, …`, '/@value'));
    }
    const found = marker === '' ? 'nothing' : `"${marker}"`;
    return refused(
      reject('decode', 'no_measurement', `${measure}, ${areaName}, ${cell.value.period}: ${found} is published (${meaning})`, '/@value'),
    );
  }
  const number = decimal(digits.replace(/(?<=\d) (?=\d{3}\b)/g, '').replace(',', '.'));
  if (number === undefined) return refused(reject('decode', 'invalid_value', `@value is "${value}"; expected a number`, '/@value'));
  const known = isCount(indicator.split('.', 1)[0] ?? '');
  if (known && !Number.isInteger(number)) {
    const message = `@value is "${value}"; ${measure} is a count and expected to be a whole number without separators`;
    return refused(reject('decode', 'invalid_value', message, '/@value'));
  }
  const period = periodOf(cell.value.period, indicator.startsWith('population'), '/@period');
  if (!period.ok) return refused(period.error);
  const { rhythm, ...days } = period.value;
  const unit = textOf(file.header, '@unit') ?? '';
  const title = plainName(textOf(file.header, '@title') ?? '');
  return accepted({
    area,
    areaName,
    indicator: indicator.replace(/^[^.]+/, (name) => `${name}-${rhythm}`),
    measure: plainName(measure),
    ...(title !== '' && { title }),
    ...days,
    value: number,
    ...(known || /^(?:število|number|oseb[ae]|persons)$/i.test(unit) ? { unitCode: 'C62' as const } : {}),
    ...(!known && unit === '%' ? { unitCode: 'P1' as const } : {}),
    uncertain: remark === 'M' || status === 'M',
  });
}
