import { describe, expect, it } from '@jest/globals';

import warnings from '../../adapters/arso-warnings/index.ts';
import { ringsOf } from '../../adapters/arso-warnings/region.ts';

/** An `info` of a region with a rectangle from one corner to the other. */
function region(code: string, [south, west]: readonly number[], [north, east]: readonly number[]) {
  const polygon = `${south},${west} ${south},${east} ${north},${east} ${north},${west} ${south},${west}`;
  return { area: [{ areaDesc: code, geocode: [{ valueName: 'meteosiId', value: `SLOVENIA_${code}_` }], polygon: [polygon, ''] }] };
}

describe('the region of a warning', () => {
  it('is idrija where its polygon holds the town, else its own name', () => {
    expect(warnings.key(region('SOUTH-WEST', [45.5, 13.4], [46.1, 14.2]))).toBe('idrija');
    expect(warnings.key(region('NORTH-WEST', [46.1, 13.4], [46.5, 14.2]))).toBe('north-west');
    expect(warnings.key(region('MIDDLE', [45.9, 14.195], [46.2, 15.2]))).toBe('middle');
    expect(warnings.key({})).toBeUndefined();
  });

  it('does not end at a notch of the border', () => {
    const notched = '46.1,13.9 46.1,14.2 45.9,14.2 45.9,13.9 46.0,14.05 46.1,13.9';
    expect(warnings.key({ area: [{ areaDesc: 'X', polygon: [notched] }] })).toBe('x');
  });

  it('has longitude first; an empty polygon is none and an open or unreadable one is undefined', () => {
    expect(ringsOf({ polygon: ['1,2 3,4 5,6 1,2', '', ' '] })).toEqual([[[2, 1], [4, 3], [6, 5], [2, 1]]]); // prettier-ignore
    expect(ringsOf({ polygon: ['1,2 3,4 5,6 7,8', '1,2 3 5,6 1,2', '1,2 1,2'] })).toEqual([undefined, undefined, undefined]);
    expect(ringsOf({})).toEqual([]);
  });
});
