import { expandChecked } from '../input/names.ts';
import { Problem } from '../problems.ts';
import type { Profile, ResolvedContext } from '../types.ts';

/** Members to pick or omit by IRI (core members by name); those of a linked entity below its Relationship. */
export type Projection = ReadonlyMap<string, Projection | undefined>;

const CORE_MEMBERS = new Set(['id', 'type', 'scope', 'createdAt', 'modifiedAt', 'expiresAt']);

/** The projection language of 4.21: names joined by `,` or `|`, a linked entity's in braces after its Relationship. */
export function parseProjection(text: string, context: ResolvedContext, profile: Profile): Projection {
  let at = 0;

  function members(): Projection {
    const found = new Map<string, Projection | undefined>();
    for (;;) {
      const name = /^[^,|{}]*/.exec(text.slice(at))?.[0] ?? '';
      at += name.length;
      if (name === '') throw wrong('a name is missing');
      const key = CORE_MEMBERS.has(name) ? name : expandChecked(name, 'projection', context, profile);
      let inner: Projection | undefined;
      if (text[at] === '{') {
        at += 1;
        inner = members();
        if (text[at] !== '}') throw wrong('a brace is not closed');
        at += 1;
      }
      found.set(key, inner);
      if (text[at] !== ',' && text[at] !== '|') return found;
      at += 1;
    }
  }

  const wrong = (why: string): Problem => new Problem('BadRequestData', 'Invalid projection', `${text}: ${why} at position ${at}`);
  const whole = members();
  if (at < text.length) throw wrong(`unexpected "${text[at]}"`);
  return whole;
}

/** How many Relationships a projection follows. */
export function depthOf(projection: Projection | undefined): number {
  let deepest = 0;
  for (const inner of projection?.values() ?? []) {
    if (inner !== undefined) deepest = Math.max(deepest, 1 + depthOf(inner));
  }
  return deepest;
}
