import type { Instant, Row } from '../plugin.ts';

/** What changed in the columns, elements or members of a source since the last file; each change is named once. */
export interface Drift {
  readonly appeared: readonly string[];
  readonly missing: readonly string[];
  readonly returned: readonly string[];
}

interface Column {
  /** Files in a row that had it. */
  readonly streak: number;
  /** It was once absent and came back, or came late: being absent is nothing new. */
  readonly isSparse?: true;
  /** Told as missing since then. */
  readonly missing?: Instant;
  /** Told as new then. */
  readonly appeared?: Instant;
}

/** What is known of the columns at one address of a source; plain JSON. */
export type Columns = Readonly<Record<string, Column>>;

/** A sparse column that was in so many files in a row is missed again. */
const establishedAfter = 20;
const deepest = 3;
const mostColumns = 1000;

/** Columns of a file: the union over its rows, so that what only some rows have is there. Members of objects are `outer.inner`. */
export function columnsOf(rows: readonly Row[]): Set<string> {
  const columns = new Set<string>();
  for (const row of rows) {
    collect(row, '', 1, columns);
    if (columns.size >= mostColumns) break;
  }
  return columns;
}

function collect(value: object, prefix: string, depth: number, columns: Set<string>): void {
  for (const [key, member] of Object.entries(value)) {
    const name = prefix + key;
    columns.add(name);
    // A geometry is of GeoJSON, not of the source.
    if (depth === deepest || key === '@geometry') continue;
    for (const inner of Array.isArray(member) ? (member as unknown[]) : [member]) {
      if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) collect(inner, `${name}.`, depth + 1, columns);
    }
  }
}

/** Compares a file with what was learnt of earlier ones. Of the first file everything is learnt and nothing told. */
export function learn(known: Columns | undefined, present: ReadonlySet<string>, now: Instant): { columns: Columns; drift: Drift } {
  const drift = { appeared: [] as string[], missing: [] as string[], returned: [] as string[] };
  if (known === undefined) return { columns: Object.fromEntries([...present].map((name) => [name, { streak: 1 }])), drift };
  const columns: Record<string, Column> = {};
  for (const [name, column] of Object.entries(known)) {
    const { missing, ...rest } = column;
    if (present.has(name)) {
      if (missing !== undefined) drift.returned.push(name);
      columns[name] = missing === undefined ? { ...rest, streak: rest.streak + 1 } : { ...rest, streak: 1, isSparse: true };
    } else if (missing !== undefined) {
      columns[name] = column;
    } else if (column.isSparse !== true || column.streak >= establishedAfter) {
      drift.missing.push(name);
      columns[name] = { ...rest, streak: 0, missing: now };
    } else {
      columns[name] = { ...rest, streak: 0 };
    }
  }
  for (const name of present) {
    if (Object.hasOwn(known, name)) continue;
    drift.appeared.push(name);
    columns[name] = { streak: 1, appeared: now };
  }
  return { columns, drift };
}

/** Columns that were told as missing and are not back. */
export function missingOf(columns: Columns | undefined): string[] {
  return Object.entries(columns ?? {}).flatMap(([name, { missing }]) => (missing === undefined ? [] : [name]));
}

export function hasDrifted({ appeared, missing, returned }: Drift): boolean {
  return appeared.length + missing.length + returned.length > 0;
}
