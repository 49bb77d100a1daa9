import type { Instant } from '../plugin.ts';
import type { Rejection } from '../rejection.ts';
import { reject } from '../rejection.ts';
import { check } from './check.ts';
import type { Entity } from './entity.ts';
import { quote } from './faults.ts';
import type { Models } from './models.ts';

/** A fault of one entity in a file. `pointer` starts at the file's JSON value, in a file of lines at the value of its line. */
export interface FileFault extends Rejection {
  readonly pointer: string;
  readonly entity?: string;
  /** 1-based, in a file of lines. */
  readonly line?: number;
}

/**
 * Holds the entities of a text against the descriptors: one entity, an array of entities, or one a line (NDJSON), in normalized form.
 * Lines `{"entity":…}` as `--dry-run` prints them are opened, its rejection and summary lines passed over. Never throws.
 */
export function checkFile(text: string, models: Models, now: Instant): { entities: number; faults: FileFault[] } {
  const faults: FileFault[] = [];
  let entities = 0;
  for (const { value, pointer, line } of candidates(text.replace(/^\uFEFF/, ''), faults)) {
    entities += 1;
    for (const fault of entityFaults(value, models, now)) {
      const id = (value as { id?: unknown } | null)?.id;
      faults.push({
        ...fault,
        pointer: pointer + (fault.pointer ?? ''),
        ...(typeof id === 'string' && { entity: id }),
        ...(line !== undefined && { line }),
      });
    }
  }
  if (entities === 0 && faults.length === 0) {
    faults.push({
      ...reject('check', 'empty_payload', 'the file holds no entity, expected one entity, an array, or one a line'),
      pointer: '',
    });
  }
  return { entities, faults: faults.sort((left, right) => (left.line ?? 0) - (right.line ?? 0)) };
}

interface Candidate {
  readonly value: unknown;
  readonly pointer: string;
  readonly line?: number;
}

function candidates(text: string, faults: FileFault[]): Candidate[] {
  const whole = parsed(text);
  if ('value' in whole) return listed(whole.value, '');
  const lines = text.split(/\r?\n/);
  // Lines it is when the first one is a value of its own; else the file is one broken JSON value.
  if (!('value' in parsed(lines.find((line) => line.trim() !== '') ?? ''))) {
    if (text.trim() !== '') faults.push({ ...malformed('the file', whole.error), pointer: '' });
    return [];
  }
  const found: Candidate[] = [];
  for (const [index, content] of lines.entries()) {
    if (content.trim() === '') continue;
    const line = index + 1;
    const json = parsed(content);
    if ('value' in json) found.push(...listed(json.value, '').map((candidate) => ({ ...candidate, line })));
    else faults.push({ ...malformed(`line ${line}`, json.error), pointer: '', line });
  }
  return found;
}

function listed(value: unknown, pointer: string): Candidate[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => ({ value: item, pointer: `${pointer}/${index}` }));
  if (typeof value === 'object' && value !== null && !('id' in value) && !('type' in value)) {
    if ('entity' in value) return [{ value: value.entity, pointer: `${pointer}/entity` }];
    if ('rejection' in value || 'summary' in value) return [];
  }
  return [{ value, pointer }];
}

/** The faults of one value; `@context` is the business of the transfer and not looked at. */
function entityFaults(value: unknown, models: Models, now: Instant): readonly Rejection[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [reject('check', 'malformed_payload', `the value is ${quote(value)}, expected an entity`, '')];
  }
  const { '@context': _context, ...entity } = value as Record<string, unknown>;
  try {
    return check(entity as Entity, models, now).rejections;
  } catch (error) {
    return [reject('check', 'too_deep', `the value cannot be looked through (${String(error)}), expected an entity`, '')];
  }
}

function parsed(text: string): { value: unknown } | { error: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: String(error) };
  }
}

function malformed(what: string, error: string): Rejection {
  return reject('check', 'malformed_payload', `${what} is not JSON (${error}), expected an entity in normalized form`);
}
