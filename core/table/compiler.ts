import type { Model } from '../entity/models.ts';
import type { TableMapping } from './mapping.ts';

/** What is gathered while a mapping is compiled. */
export class Compiler {
  readonly columns = new Set<string>();
  readonly faults: { readonly path: readonly string[]; readonly message: string }[] = [];

  constructor(
    readonly mapping: TableMapping,
    readonly model: Model,
    /** The decimal mark of numbers written as text. */
    readonly mark: ',' | '.' | undefined,
  ) {}

  /** A column that the file must have. */
  needs(column: string): void {
    this.columns.add(column);
  }

  /** What is wrong with the mapping, at a place in it. */
  fault(path: readonly string[], message: string): void {
    this.faults.push({ path, message });
  }
}
