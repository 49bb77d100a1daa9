import type { Row } from '../plugin.ts';
import { reject, type Rejection, type RejectionCode } from '../rejection.ts';
import { columnPointer } from '../source/row.ts';

/** A cell that a spreadsheet shows in percent, as its number. */
export interface Percent {
  readonly percent: number;
}

/** What stands in a cell that has a value. Spreadsheets and JSON know numbers and truth values; CSV knows texts only. */
export type Cell = string | number | boolean | Percent;

/** What the row came to beside its values. */
export class RowFaults {
  readonly rejections: Rejection[] = [];

  /** Gives undefined, so that a reader can return it. */
  add(code: RejectionCode, message: string, column: string | undefined): undefined {
    this.rejections.push(reject('decode', code, message, column === undefined ? undefined : columnPointer(column)));
  }
}

/** What spreadsheets write where a formula failed: never a value. */
const errorCell = /^#(?:N\/A|DIV\/0!|REF!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)$/;

/** Reads one column: undefined where the cell is absent, empty, or says that there is no value; an error of a formula is refused. */
export function cellReader(column: string, missing: ReadonlySet<string>): (row: Row, faults: RowFaults) => Cell | undefined {
  return (row, faults) => {
    const value = row[column];
    if (typeof value === 'string') {
      const text = value.trim();
      if (text === '' || missing.has(text)) return undefined;
      if (text.startsWith('#') && errorCell.test(text)) {
        return faults.add('invalid_value', `${column} is ${text}, the error of a formula; expected a value`, column);
      }
      return text;
    }
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value === 'object' && 'percent' in value && typeof value.percent === 'number') return { percent: value.percent };
    return faults.add('invalid_value', `${column} is ${JSON.stringify(value).slice(0, 60)}; expected one value`, column);
  };
}

/** A cell as a text: whole numbers without decimals, `45 %`. */
export function textOfCell(cell: Cell): string {
  return typeof cell === 'object' ? `${cell.percent} %` : String(cell);
}
