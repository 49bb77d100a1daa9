import { Problem } from '../problems.ts';
import type { StoredEntity } from '../types.ts';
import { parseLogic } from './logic.ts';

/**
 * A scope query (4.19): `/a/b` that scope; `/a/+` one level below; `/a/#` it and everything below; `/#` any scope;
 * `;` and, `,` or, parentheses.
 */
export function parseScopeQ(text: string): (entity: StoredEntity) => boolean {
  // A "+" that was not encoded arrives as a space, which no scope has.
  return parseLogic(text.replaceAll(' ', '+'), { and: ';', or: ',|' }, (term) => {
    if (!/^\/(?:[^/;,|()]+(?:\/[^/;,|()]+)*)$/.test(term) || /[^/]#|#./.test(term)) {
      throw new Problem('BadRequestData', 'Invalid scopeQ', `${term}: a scope such as /a/b, /a/+ or /a/# is expected`);
    }
    const wanted = term.slice(1).split('/');
    return (entity) => (entity.scope ?? []).some((scope) => fits(scope.replace(/^\//, '').split('/'), wanted));
  });
}

function fits(scope: readonly string[], wanted: readonly string[]): boolean {
  const open = wanted.at(-1) === '#';
  const fixed = open ? wanted.slice(0, -1) : wanted;
  if (open ? scope.length < fixed.length : scope.length !== fixed.length) return false;
  return fixed.every((part, index) => part === '+' || part === scope[index]);
}
