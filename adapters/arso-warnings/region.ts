import { decimal, textOf, type Row } from '#core';

type Place = readonly [longitude: number, latitude: number];

/** The middle of the town. */
const idrija: Place = [14.0267, 46.0023];

/** Every `area` of an `info`. */
export function areasOf(info: Row): readonly Row[] {
  return rowsIn(info['area']);
}

/** What stands under a name in a list of `valueName` and `value` (`parameter`, `geocode`). */
export function valueIn(list: unknown, name: string): string | undefined {
  const entry = rowsIn(list).find((row) => textOf(row, 'valueName') === name);
  return entry === undefined ? undefined : textOf(entry, 'value');
}

/** The rings of an area as [longitude, latitude]; CAP writes `latitude,longitude`. Empty polygons are left out, undefined is one that cannot be read. */
export function ringsOf(area: Row): (readonly Place[] | undefined)[] {
  const polygons = Array.isArray(area['polygon']) ? (area['polygon'] as unknown[]) : [area['polygon']];
  return polygons
    .filter((polygon): polygon is string => typeof polygon === 'string' && polygon.trim() !== '')
    .map((polygon) => {
      const places = polygon.trim().split(/\s+/).map(placeOf);
      const [first, last] = [places[0], places.at(-1)];
      const isRing = places.length >= 4 && first !== undefined && first.join() === last?.join();
      return isRing && places.every((place) => place !== undefined) ? places : undefined;
    });
}

/** `idrija` for the region in which the town lies, else the region's own name: `middle`. */
export function regionKey(info: Row): string | undefined {
  const areas = areasOf(info);
  if (areas.flatMap(ringsOf).some((ring) => ring !== undefined && holds(ring, idrija))) return 'idrija';
  const area = areas[0] ?? {};
  const code = valueIn(area['geocode'], 'meteosiId') ?? textOf(area, 'areaDesc');
  return code?.replace(/^SLOVENIA_|_$/g, '').toLowerCase();
}

/** True when a place lies in a ring: a ray to the east crosses the border an odd number of times. */
function holds(ring: readonly Place[], [x, y]: Place): boolean {
  const crossings = ring.slice(1).filter(([x2, y2], index) => {
    const [x1, y1] = ring[index] ?? [NaN, NaN];
    return y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1);
  });
  return crossings.length % 2 === 1;
}

function placeOf(pair: string): Place | undefined {
  const [latitude, longitude, ...more] = pair.split(',').map(decimal);
  return latitude === undefined || longitude === undefined || more.length > 0 ? undefined : [longitude, latitude];
}

function rowsIn(list: unknown): Row[] {
  return (Array.isArray(list) ? (list as unknown[]) : [list]).filter((row): row is Row => typeof row === 'object' && row !== null);
}
