import { isObject } from '../payload.ts';

/** The members of a path: `data.list[0].value`, `$.data.value` or, for names with dots, `/data/my.value`. */
export function membersOf(path: string): readonly string[] {
  if (path === '' || path === '$') return [];
  if (path.startsWith('/')) {
    return path
      .slice(1)
      .split('/')
      .map((member) => member.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return path
    .replace(/^\$\.?/, '')
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter((member) => member !== '');
}

/** What stands under a path; undefined where nothing does. What every object inherits is not there. */
export function memberAt(value: unknown, members: readonly string[]): unknown {
  let found = value;
  for (const member of members) {
    if (Array.isArray(found)) found = /^\d{1,6}$/.test(member) ? (found as unknown[])[Number(member)] : undefined;
    else if (isObject(found) && Object.hasOwn(found, member)) found = found[member];
    else return undefined;
  }
  return found;
}

/** JSON pointer of a path. */
export function pointerOf(members: readonly string[]): string {
  return members.map((member) => `/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
