import { urn } from '../entity/build.ts';
import { accessLevels, type AccessLevel, type Models } from '../entity/models.ts';
import type { Device, Family } from '../plugin.ts';
import { levelOfType, mayRead, stricter } from './levels.ts';

/** Entities that a caller may not read although he may read their type: those of a device that the registry restricts. */
export interface HiddenEntities {
  /** As the regular expression that an id of a readable entity fits; undefined: nothing is hidden from this level. */
  pattern(level: AccessLevel): string | undefined;
  isHidden(id: string, level: AccessLevel): boolean;
  /** Ids of the devices whose entities of a type this level may not read, as far as the registry restricts them. */
  devicesOf(type: string, level: AccessLevel): string[];
}

/**
 * By the registry: `access` of a device holds for all its entities. The Device entity of a household's meter is as internal as what it
 * measures: where it stands and when it last spoke is told by it too.
 */
export function hiddenEntities(devices: Iterable<Device>, families: ReadonlyMap<string, Family>, { types }: Models): HiddenEntities {
  const everything: [part: string, level: AccessLevel][] = [];
  const deviceOnly: [part: string, level: AccessLevel][] = [];
  const restricted: [id: string, types: readonly string[], level: AccessLevel][] = [];
  for (const device of devices) {
    const [, , , part = ''] = urn('Device', device.id).split(':');
    const family = families.get(device.family);
    if (device.access !== undefined && device.access !== 'open') {
      everything.push([part, device.access]);
      restricted.push([device.id, [...(family?.emits ?? []), 'Device'], device.access]);
    }
    const emitted = family?.emits.map((type) => levelOfType(types.get(type))) ?? [];
    const own =
      family === undefined ? 'internal' : emitted.reduce((least, one) => (mayRead(least, one) ? one : least), 'internal' as AccessLevel);
    const level = family?.personal === true ? stricter(own, 'internal') : own;
    if (level !== 'open') deviceOnly.push([part, level]);
    restricted.push([device.id, ['Device'], level]);
  }
  const byLevel = new Map(accessLevels.map((level) => [level, patternFor(level, everything, deviceOnly)]));
  const compiled = new Map([...byLevel].map(([level, text]) => [level, text === undefined ? undefined : new RegExp(text)]));
  return {
    pattern: (level) => byLevel.get(level),
    isHidden: (id, level) => compiled.get(level)?.test(id) === false,
    devicesOf: (type, level) => [
      ...new Set(restricted.filter(([, types, needed]) => types.includes(type) && !mayRead(level, needed)).map(([id]) => id)),
    ],
  };
}

function patternFor(
  level: AccessLevel,
  everything: readonly (readonly [string, AccessLevel])[],
  deviceOnly: readonly (readonly [string, AccessLevel])[],
): string | undefined {
  const above = (list: readonly (readonly [string, AccessLevel])[]): string =>
    [...new Set(list.filter(([, needed]) => !mayRead(level, needed)).map(([part]) => part.replace(/[.]/g, '[.]')))].sort().join('|');
  const [all, own] = [above(everything), above(deviceOnly)];
  const parts = [...(all === '' ? [] : [`[^:]+:(${all})(:|$)`]), ...(own === '' ? [] : [`Device:(${own})(:|$)`])];
  return parts.length === 0 ? undefined : `^(?!urn:ngsi-ld:(${parts.join('|')}))`;
}
