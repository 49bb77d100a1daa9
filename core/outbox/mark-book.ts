import type { Instant } from '../plugin.ts';
import type { Queued, Watermark } from './outbox.ts';
import { advance, briefOf, keyOf, type Marks } from './watermarks.ts';

/**
 * What the broker holds of one entity. `latest` is newer than all of `table` and has each of its attributes, whose names are `names`: it
 * takes the place of the table, and nothing of it is worked out yet.
 */
interface EntityMarks {
  readonly id: string;
  table: Marks;
  latest: Queued | undefined;
  names: string;
  newest: Instant;
}

const none: Marks = new Map();

/**
 * The watermarks in memory. Moving on by a state that is newer throughout, which is nearly every one, costs a look at its moments; the
 * digests by which repeats are known are made when marks are asked for or written.
 */
export class MarkBook {
  private readonly entities = new Map<string, EntityMarks>();
  private readonly changed = new Set<EntityMarks>();

  /** `read` gives the marks of an entity as the file has them. `most` entities are held in memory. */
  constructor(
    private readonly read: (entityId: string) => string | undefined,
    private readonly most: number,
  ) {}

  get hasChanges(): boolean {
    return this.changed.size > 0;
  }

  watermark(entityId: string, attribute: string): Watermark | undefined {
    return settle(this.of(entityId)).get(attribute);
  }

  /** Newest moment of any mark of the entity; empty when there is none. */
  newest(entityId: string): Instant {
    return this.of(entityId).newest;
  }

  /** All marks of the entity as they are written; undefined: none. */
  text(entityId: string): string | undefined {
    return textOf(this.of(entityId));
  }

  accepted(queued: Queued): void {
    const brief = queued.brief ?? briefOf(queued.entity);
    if (brief.newest === '') return;
    const marks = this.of(keyOf(queued));
    this.changed.add(marks);
    if (brief.oldest > marks.newest && (marks.names === brief.names || marks.newest === '')) {
      marks.table = none;
      marks.latest = queued;
      marks.names = brief.names;
    } else {
      marks.table = advance(settle(marks), queued.entity);
      marks.names = namesOf(marks.table);
    }
    if (brief.newest > marks.newest) marks.newest = brief.newest;
  }

  removed(entityId: string): void {
    const marks = this.of(entityId);
    marks.table = none;
    marks.latest = undefined;
    marks.names = '';
    marks.newest = '';
    this.changed.add(marks);
  }

  /** The marks that changed, as the file takes them; undefined: none any more. */
  *changes(): Iterable<readonly [entityId: string, text: string | undefined]> {
    for (const marks of this.changed) yield [marks.id, textOf(marks)];
  }

  /** What `changes` gave is written. */
  written(): void {
    this.changed.clear();
    if (this.entities.size > this.most) this.entities.clear();
  }

  clear(): void {
    this.changed.clear();
    this.entities.clear();
  }

  private of(id: string): EntityMarks {
    const known = this.entities.get(id);
    if (known !== undefined) return known;
    const text = this.read(id);
    const table: Marks = text === undefined ? none : new Map(JSON.parse(text) as [string, Watermark][]);
    let newest = '';
    for (const { observedAt } of table.values()) if (observedAt > newest) newest = observedAt;
    const marks: EntityMarks = { id, table, latest: undefined, names: namesOf(table), newest };
    this.entities.set(id, marks);
    return marks;
  }
}

/** The marks as a table. */
function settle(marks: EntityMarks): Marks {
  if (marks.latest !== undefined) marks.table = advance(none, marks.latest.entity);
  marks.latest = undefined;
  return marks.table;
}

function textOf(marks: EntityMarks): string | undefined {
  const table = settle(marks);
  return table.size === 0 ? undefined : JSON.stringify([...table]);
}

function namesOf(table: Marks): string {
  let names = '';
  for (const name of table.keys()) names += `${name} `;
  return names;
}
