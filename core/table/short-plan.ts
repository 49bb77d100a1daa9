import type { DatasetFile, Row } from '../plugin.ts';
import type { RowContext } from './attributes.ts';
import { RowFaults } from './cell.ts';
import type { Compiler } from './compiler.ts';
import type { TableMapping } from './mapping.ts';
import { columnsIn, learntStep, momentStep, stepOf, type Physical, type Step } from './short-steps.ts';
import type { ShortPlan } from './short-way.ts';
import type { Moment } from './time.ts';

interface CompiledMapping {
  readonly mapping: TableMapping;
  readonly compiler: Compiler;
  readonly time: ((context: Pick<RowContext, 'row' | 'faults' | 'file' | 'key'>) => Moment | undefined) | undefined;
  readonly isWanted: ((row: Row) => boolean) | undefined;
  /** Attributes of which a row must have one. */
  readonly needed: ReadonlySet<string>;
  /** The attribute that says the moment of the row, and those that are the same in every row. */
  readonly moments: string | undefined;
  readonly constants: readonly string[];
}

/** The bits of a number. */
const mostSteps = 31;

/** How rows of a file with these columns go the short way; undefined where the mapping asks for more than that knows. */
export function shortPlan(
  given: CompiledMapping,
  columns: readonly string[],
  physical: Physical,
  file: DatasetFile,
): ShortPlan | undefined {
  const { mapping, compiler, time, isWanted, needed, moments, constants } = given;
  const place = (name: string): number => columns.lastIndexOf(name);
  const steps: Step[] = [];
  const next = (): number => 1 << steps.length;
  for (const [name, expression] of Object.entries(mapping.attributes)) {
    const step = stepOf(name, next(), expression, place, compiler, physical);
    if (step === undefined) return undefined;
    steps.push(step);
  }
  const placed = placeColumns(mapping);
  if (placed === undefined) return undefined;
  if (mapping.location !== undefined) steps.push(learntStep('location', next(), placed.map(place)));
  if (moments !== undefined) steps.push(momentStep(moments, next()));
  for (const name of constants) steps.push(learntStep(name, next(), []));

  const moment = momentOf(given, place, file);
  if (time !== undefined && moment === undefined) return undefined;
  const id = mapping.id.flatMap(columnsIn).map(place);
  const conditions = (mapping.where ?? []).map(({ column }) => column);
  const all = [...id, ...steps.flatMap(({ at }) => at), ...conditions.map(place)];
  if (steps.length > mostSteps || all.includes(-1)) return undefined;
  const bitsOf = (names: ReadonlySet<string>): number => steps.reduce((bits, { name, bit }) => (names.has(name) ? bits | bit : bits), 0);
  return {
    type: mapping.type,
    id,
    ...(moment !== undefined && { moment }),
    ...(isWanted !== undefined && { wanted: wantedBy(isWanted, conditions, place) }),
    steps,
    mark: compiler.mark,
    needed: bitsOf(needed),
    required: bitsOf(new Set(compiler.model.required)),
  };
}

function momentOf({ mapping, time }: CompiledMapping, place: (name: string) => number, file: DatasetFile): ShortPlan['moment'] {
  const column = mapping.time?.column;
  // The hour that repeats is told apart by the rows before it: that is no matter of one row.
  if (time === undefined || column === undefined || mapping.time?.clockChange === 'order' || place(column) < 0) return undefined;
  return { at: place(column), read: (cell) => time({ row: { [column]: cell }, faults: new RowFaults(), file, key: '' })?.instant };
}

function wantedBy(
  isWanted: (row: Row) => boolean,
  columns: readonly string[],
  place: (name: string) => number,
): NonNullable<ShortPlan['wanted']> {
  const at = columns.map(place);
  return { at, test: (cells) => isWanted(Object.fromEntries(columns.map((name, index) => [name, cells[at[index] ?? -1]]))) };
}

/** Columns that say where a row's thing is; undefined where it is not said by columns. */
function placeColumns({ location }: TableMapping): readonly string[] | undefined {
  if (location === undefined || 'fixed' in location) return [];
  if ('of' in location) return [location.column];
  if ('geometry' in location) return undefined;
  return 'latitude' in location ? [location.longitude, location.latitude] : [location.east, location.north];
}
