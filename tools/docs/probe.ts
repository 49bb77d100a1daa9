/**
 * Finds out which field of an example says what: a field is altered, and what comes out differently is what it says. So the tables of the
 * READMEs are what the code does.
 */

/** What comes out, by its name: `airTemperature` → its values, sorted. */
export type Outcome = ReadonlyMap<string, readonly string[]>;

export interface Found {
  /** The field as a person looks for it: `rxInfo[].rssi`, `03 67, 2 bytes`. */
  readonly field: string;
  readonly names: readonly string[];
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Members of a JSON value that change what comes out. `run` gives nothing for a value that is refused. */
export function probeJson(value: unknown, run: (altered: unknown) => Outcome | undefined): Found[] {
  const before = run(value) ?? new Map<string, string[]>();
  const found = new Map<string, Set<string>>();
  for (const path of leavesOf(value as Json)) {
    const differences = alternatives(valueAt(value as Json, path)).map((other) =>
      differing(before, run(replaced(value as Json, path, other))),
    );
    const names = differences.find((difference) => difference.length > 0) ?? [];
    const field = path.map((step, i) => (/^\d+$/.test(step) ? '[]' : i === 0 ? step : `.${step}`)).join('');
    if (names.length > 0) found.set(field, new Set([...(found.get(field) ?? []), ...names]));
  }
  return [...found].map(([field, names]) => ({ field, names: [...names] }));
}

/**
 * Runs of bytes that change what comes out. A byte that decides how the rest is read is the header of what follows it. `isReadable` says
 * whether a frame is one of its device from the first byte to the last.
 */
export function probeBytes(
  bytes: Uint8Array,
  run: (altered: Uint8Array) => Outcome | undefined,
  isReadable: (altered: Uint8Array) => boolean,
): Found[] {
  const before = run(bytes) ?? new Map<string, string[]>();
  const said = Array.from(bytes, (_, at) => saidByByte(bytes, at, before, run, isReadable));
  const says = said.map((one, at) => (one === 'header' ? one : namesOf(one, said[at - 1], said[at + 1])));
  const runs: { start: number; end: number; names: readonly string[] }[] = [];
  for (const [at, names] of says.entries()) {
    const last = runs.at(-1);
    if (names === 'header' || names.length === 0) continue;
    if (last?.end === at && last.names.join() === names.join()) last.end = at + 1;
    else runs.push({ start: at, end: at + 1, names });
  }
  const headers = runs.map(({ start }) => headerBefore(says, start));
  const hasHeaders = headers.filter((length) => length > 0).length >= 0.4 * runs.length;
  return runs.map(({ start, end, names }, i) => {
    const header = hex(bytes.subarray(start - (headers[i] ?? 0), start));
    const size = end - start === 1 ? '1 byte' : `${end - start} bytes`;
    const place = end - start === 1 ? `byte ${start}` : `bytes ${start}–${end - 1}`;
    return { field: hasHeaders && header !== '' ? `\`${header}\`, ${size}` : place, names };
  });
}

/** What becomes different with a byte, and what goes beyond what is possible. */
interface Said {
  readonly changed: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

/** The highest byte of a number may only ever carry it beyond what is possible: then the byte beside it says whose it is. */
function namesOf({ changed, gone }: Said, ...beside: readonly (Said | 'header' | undefined)[]): string[] {
  const isBeside = (name: string): boolean => beside.some((one) => typeof one === 'object' && one.changed.has(name));
  return [...new Set([...changed, ...[...gone].filter(isBeside)])];
}

function saidByByte(
  bytes: Uint8Array,
  at: number,
  before: Outcome,
  run: (altered: Uint8Array) => Outcome | undefined,
  isReadable: (altered: Uint8Array) => boolean,
): Said | 'header' {
  const changed = new Set<string>();
  const gone = new Set<string>();
  let unreadable = 0;
  for (let bit = 0; bit < 8; bit++) {
    const altered = Uint8Array.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ (1 << bit);
    if (!isReadable(altered)) {
      unreadable++;
      continue;
    }
    const after = run(altered) ?? new Map<string, string[]>();
    if ([...after.keys()].some((name) => !before.has(name))) continue;
    const missing = [...before.keys()].filter((name) => !after.has(name));
    if (missing.length === 1 && missing[0] !== undefined) gone.add(missing[0]);
    if (missing.length === 0) for (const name of differing(before, after)) changed.add(name);
  }
  return unreadable > 2 ? 'header' : { changed, gone };
}

function headerBefore(says: readonly (readonly string[] | 'header')[], start: number): number {
  let length = 0;
  while (length < 2 && says[start - length - 1] === 'header') length++;
  return length;
}

/** Names whose values are others, where nothing else came or went. */
function differing(before: Outcome, after: Outcome | undefined): string[] {
  if (after === undefined) return [];
  return [...before]
    .filter(([name, values]) => after.get(name)?.length === values.length && after.get(name)?.join() !== values.join())
    .map(([name]) => name);
}

function alternatives(value: Json): Json[] {
  if (typeof value === 'number') return [value + 1, value - 1, value * 1.1, value * 0.9];
  if (typeof value === 'boolean') return [!value];
  if (typeof value !== 'string') return [];
  if (/^-?\d+(\.\d+)?$/.test(value)) return [1, -1, 0.1].map((step) => String(Number(value) + step));
  // A minute of a time, a number before a unit, a letter of anything else.
  const minute = value.replace(/(T\d\d:)(\d\d)/, (_, hour: string, minutes: string) => `${hour}${minutes === '07' ? '06' : '07'}`);
  const number = value.replace(/^-?\d+(?:\.\d+)?/, (digits) => String(Number(digits) + 1));
  const letter = value.replace(/[A-Za-z0-9](?=[^A-Za-z0-9]*$)/, (last) => (last === '1' ? '2' : '1'));
  const first = value.replace(/^[A-Za-z0-9]/, (one) => (one === '1' ? '2' : '1'));
  return [minute, number, letter, first].filter((other) => other !== value);
}

function leavesOf(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member as Json, [...path, key]));
}

function valueAt(value: Json, path: readonly string[]): Json {
  return path.reduce<Json>((inner, step) => (inner as Record<string, Json>)[step] ?? null, value);
}

function replaced(value: Json, path: readonly string[], by: Json): Json {
  const copy = structuredClone(value);
  const parent = path.slice(0, -1).reduce<Json>((inner, step) => (inner as Record<string, Json>)[step] ?? null, copy);
  if (path.length === 0) return by;
  (parent as Record<string, Json>)[path.at(-1) ?? ''] = by;
  return copy;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
