import { attributesOf } from '../entity/entity.ts';
import { momentOf } from '../outbox/watermarks.ts';
import type { Passage } from '../pipeline.ts';
import type { Row } from '../plugin.ts';
import { reject } from '../rejection.ts';

/** A row with what it led to. */
export interface PassedRow {
  readonly row: Row;
  /** The source's own key of it. */
  readonly key: string | undefined;
  readonly passage: Passage;
}

interface Claim {
  readonly index: number;
  readonly text: string;
}

/**
 * Two rows of a file that say different things of one entity at one moment contradict each other, and nobody here knows which is right: the
 * entity is refused in both, as `contradiction`. Rows that say the same twice, or different attributes, are fine.
 */
export function withoutContradictions(rows: readonly PassedRow[]): PassedRow[] {
  const claims = new Map<string, Claim>();
  const faults = new Map<number, Map<string, string>>();
  for (const [index, { passage }] of rows.entries()) {
    for (const { entity } of passage.publications) {
      const moment = momentOf(entity) ?? '';
      for (const [name, attribute] of attributesOf(entity)) {
        const at = attribute.observedAt ?? moment;
        const key = `${entity.id} ${name} ${at}`;
        const text = JSON.stringify(attribute);
        const claim = claims.get(key);
        if (claim === undefined) {
          claims.set(key, { index, text });
        } else if (claim.text !== text) {
          const what = `${name} of ${entity.id}${at === '' ? '' : ` at ${at}`}`;
          note(faults, claim.index, entity.id, sentence(what, numberOf(rows, index)));
          note(faults, index, entity.id, sentence(what, numberOf(rows, claim.index)));
        }
      }
    }
  }
  return rows.map((row, index) => without(row, faults.get(index)));
}

function note(faults: Map<number, Map<string, string>>, index: number, id: string, message: string): void {
  const own = faults.get(index) ?? new Map<string, string>();
  if (!own.has(id)) own.set(id, message);
  faults.set(index, own);
}

function sentence(what: string, other: string): string {
  return `${what} has another value in ${other}; neither is published: remove one of the rows, or give each its own key or time`;
}

function numberOf(rows: readonly PassedRow[], index: number): string {
  return `row ${rows[index]?.passage.publications[0]?.origin.row ?? index + 1}`;
}

/** The contradicted entities leave, each with a rejection that holds the row. */
function without(passed: PassedRow, faults: ReadonlyMap<string, string> | undefined): PassedRow {
  if (faults === undefined) return passed;
  const { passage, row } = passed;
  const raw = Buffer.from(JSON.stringify(row));
  const letters = [...faults].flatMap(([id, message]) => {
    const origin = passage.publications.find(({ entity }) => entity.id === id)?.origin;
    return origin === undefined ? [] : [{ origin, rejection: reject('map', 'contradiction', message), raw }];
  });
  const publications = passage.publications.filter(({ entity }) => !faults.has(entity.id));
  return { ...passed, passage: { ...passage, publications, deadLetters: [...passage.deadLetters, ...letters] } };
}
