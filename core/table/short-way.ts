import { checkTime } from '../entity/check-value.ts';
import type { Entity } from '../entity/entity.ts';
import { Faults } from '../entity/faults.ts';
import type { DatasetFile, Instant, ShortWay, SureState } from '../plugin.ts';
import { localNumber } from './number.ts';
import type { Step } from './short-steps.ts';

/** What the short way of a mapping needs, the places of columns in the file with it. */
export interface ShortPlan {
  readonly type: string;
  readonly id: readonly number[];
  /** Reads the moment of its cell; undefined where it cannot. Left out: rows have no moment. */
  readonly moment?: { readonly at: number; read(cell: string): Instant | undefined };
  readonly wanted?: { readonly at: readonly number[]; test(cells: readonly string[]): boolean };
  readonly steps: readonly Step[];
  readonly mark: ',' | '.' | undefined;
  /** Bits of steps of which one, and of those of which each, must have a value. */
  readonly needed: number;
  readonly required: number;
}

/** Texts that are remembered for each step. */
const mostLearnt = 20_000;

/**
 * Puts together the JSON of a state from cells, without the objects and looks of the whole way. What a text becomes is not worked out here
 * but learnt from rows that went the whole way and came out without a remark; numbers and moments are held against the same bounds. A row
 * with anything else, or with an attribute whose form was not yet seen to be the same on both ways, is left to the whole way.
 */
export function shortWay(plan: ShortPlan, file: Pick<DatasetFile, 'fetchedAt'>): ShortWay {
  const { type, steps, mark, needed, required } = plan;
  const ids = new Map<string, { readonly id: string; readonly head: string }>();
  const wanted = new Map<string, boolean>();
  const namesOf = new Map<number, string>();
  const measured = steps.reduce((bits, step) => (step.isMeasured ? bits | step.bit : bits), 0);
  /** Bits of attributes, and of those with a remark, that were the same on both ways. */
  let proven = 0;
  let provenRemarks = 0;
  let isBroken = false;
  let lastText: string | undefined;
  let instant = '';
  setTails('}');

  /** What stands behind a measured value. */
  function setTails(observedAt: string): void {
    for (const step of steps) step.tail = step.middle + (step.isMeasured ? observedAt : '}');
  }

  /** Whether the moment of the cell is a good one; it is then the current one. */
  function knowsMoment(cell: string): boolean {
    if (cell === lastText) return true;
    const read = plan.moment?.read(cell);
    if (read === undefined) return false;
    const faults = new Faults(file.fetchedAt);
    checkTime(read, { pointer: '', label: '' }, faults);
    if (faults.rejections.length > 0) return false;
    lastText = cell;
    instant = read;
    setTails(`,"observedAt":"${read}"}`);
    return true;
  }

  function build(cells: readonly string[], isTrial: boolean, isWritten: boolean): SureState | undefined {
    const known = ids.get(keyOf(cells, plan.id));
    if (known === undefined) return undefined;
    if (plan.moment !== undefined && !knowsMoment(cells[plan.moment.at] ?? '')) return undefined;
    let json = known.head;
    let said = '';
    let filled = 0;
    let remarked = 0;
    for (const step of steps) {
      said += '\u0001';
      if (step.kind === 'number') {
        const cell = cells[step.at[0] ?? -1] ?? '';
        const value = numberOf(cell, step, mark);
        if (value === undefined) return undefined;
        if (Number.isNaN(value)) continue;
        const digits = String(value);
        const isRemarked = value < step.low || value > step.high;
        if (isRemarked) remarked |= step.bit;
        if (isWritten) json += step.head + digits + (isRemarked ? step.tail.slice(0, -1) + remark : step.tail);
        said += digits;
      } else if (step.kind === 'moment') {
        if (isWritten) json += `${step.head}${instant}"}}`;
      } else {
        const text = step.learnt.get(keyOf(cells, step.at));
        if (text === undefined) return undefined;
        if (text === '') continue;
        if (isWritten) json += text;
        if (step.at.length > 0) said += text;
      }
      filled |= step.bit;
    }
    if ((filled & needed) === 0 || (filled & required) !== required) return undefined;
    if (!isTrial && ((filled & ~proven) !== 0 || (remarked & ~provenRemarks) !== 0)) return undefined;
    json += '}';
    // Looked into, it becomes one piece: as many pieces as it was made of would take more memory while it waits.
    if (isWritten) json.charCodeAt(0);
    return { id: known.id, type, moment: (filled & measured) === 0 ? '' : instant, names: names(filled), json, said };
  }

  function names(filled: number): string {
    let text = namesOf.get(filled);
    if (text === undefined) {
      const those = steps.filter(({ bit }) => (filled & bit) !== 0);
      namesOf.set(filled, (text = those.map(({ name }) => `${name} `).join('')));
    }
    return text;
  }

  function isWanted(cells: readonly string[]): boolean {
    if (plan.wanted === undefined) return true;
    const key = keyOf(cells, plan.wanted.at);
    let is = wanted.get(key);
    if (is === undefined) keep(wanted, key, (is = plan.wanted.test(cells)));
    return is;
  }

  function prove(attribute: Entity[string] | undefined, bit: number): void {
    if (typeof attribute !== 'object') return;
    proven |= bit;
    if (attribute.type === 'Property' && attribute.status !== undefined) provenRemarks |= bit;
  }

  return {
    read(cells, isWritten) {
      if (isBroken) return undefined;
      return isWanted(cells) ? build(cells, false, isWritten) : 'unwanted';
    },
    learn(cells, entity) {
      if (isBroken) return;
      if (!ids.has(keyOf(cells, plan.id))) {
        const head = `{"id":${JSON.stringify(entity.id)},"type":${JSON.stringify(entity.type)}`;
        keep(ids, keyOf(cells, plan.id), { id: entity.id, head });
      }
      for (const step of steps) {
        const key = keyOf(cells, step.at);
        if (step.kind === 'text' && !step.learnt.has(key)) keep(step.learnt, key, written(step.name, entity));
      }
      const state = build(cells, true, true);
      if (state === undefined) return;
      if (state.json !== JSON.stringify(entity)) isBroken = true;
      else for (const { name, bit } of steps) prove(entity[name], bit);
    },
    said: (entity) => steps.map((step) => `\u0001${saidOf(step, entity)}`).join(''),
  };
}

/** The end of a value outside the bounds of its quantity, as `assess` leaves it. */
const remark = ',"status":{"type":"Property","value":"outsidePhysicalBounds"}}';

function saidOf({ name, kind, at }: Step, entity: Entity): string {
  const attribute = Object.hasOwn(entity, name) ? entity[name] : undefined;
  if (typeof attribute !== 'object' || kind === 'moment') return '';
  if (kind === 'text') return at.length === 0 ? '' : written(name, entity);
  const value = 'value' in attribute ? attribute.value : attribute.object;
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function written(name: string, entity: Entity): string {
  return Object.hasOwn(entity, name) ? `,${JSON.stringify(name)}:${JSON.stringify(entity[name])}` : '';
}

function keyOf(cells: readonly string[], at: readonly number[]): string {
  if (at.length === 1) return cells[at[0] ?? -1] ?? '';
  let key = '';
  for (const index of at) key += `${cells[index] ?? ''}\u0001`;
  return key;
}

/** A cell is a view into the text of its block: what is kept longer must be a copy, or the block is kept as well. */
function keep<T>(known: Map<string, T>, key: string, value: T): void {
  if (known.size >= mostLearnt) known.clear();
  known.set(Buffer.from(key, 'utf16le').toString('utf16le'), value);
}

/** NaN: the cell has no value; undefined: it is for the whole way. */
function numberOf(cell: string, step: Step, mark: ',' | '.' | undefined): number | undefined {
  let value = step.hasNumbersMissing ? undefined : plainNumber(cell, mark);
  if (value === undefined) {
    const text = cell.trim();
    if (text === '' || step.missing.has(text)) return NaN;
    value = localNumber(text, mark);
    if (value === undefined) return undefined;
  }
  if (step.convert !== undefined) value = step.convert(value);
  if (!(value >= step.minimum && value <= step.maximum)) return undefined;
  return Number.isFinite(value) && (!step.isWhole || Number.isSafeInteger(value)) ? value : undefined;
}

const powers = [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/** A number of at most fifteen digits, which both parts of the division below hold exactly: the quotient is the nearest number, as `Number` has it. */
export function plainNumber(text: string, mark: ',' | '.' | undefined): number | undefined {
  const { length } = text;
  if (mark === undefined || length > 16) return undefined;
  const point = mark.charCodeAt(0);
  const isNegative = text.charCodeAt(0) === 0x2d;
  let digits = 0;
  let behind = -1;
  let whole = 0;
  for (let at = isNegative ? 1 : 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      whole = whole * 10 + (code - 0x30);
      digits += 1;
      if (behind >= 0) behind += 1;
    } else if (code === point && behind < 0 && digits > 0) behind = 0;
    else return undefined;
  }
  if (digits === 0 || digits > 15 || behind === 0) return undefined;
  const value = behind > 0 ? whole / (powers[behind] ?? NaN) : whole;
  return isNegative ? -value : value;
}
