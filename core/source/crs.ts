import { createRequire } from 'node:module';
import type Proj4 from 'proj4';

/**
 * Coordinate systems of Slovenian sources: D96/TM, D48/GK, and D48 in degrees (the older "geographic" coordinates on the Bessel
 * ellipsoid, some 360 m beside WGS84). The shift of D48 is the national one (GURS); proj4 with it is within 0.1 m of PROJ.
 */
const shift = '+ellps=bessel +towgs84=426.9,142.6,460.1,4.91,4.49,-12.42,17.1';
const grid = '+proj=tmerc +lat_0=0 +lon_0=15 +k=0.9999 +x_0=500000 +y_0=-5000000 +units=m +no_defs';
const systems = {
  'EPSG:3794': `${grid} +ellps=GRS80 +towgs84=0,0,0,0,0,0,0`,
  'EPSG:3912': `${grid} ${shift}`,
  'EPSG:3906': `+proj=longlat +no_defs ${shift}`,
} as const;

export type Crs = keyof typeof systems;

const toDegrees = new Map<Crs, Proj4.Converter>();

/** The library is loaded with the first place of another system: it takes its place in memory. */
function converterOf(crs: Crs): Proj4.Converter {
  let converter = toDegrees.get(crs);
  if (converter === undefined) {
    const proj4 = createRequire(import.meta.url)('proj4') as typeof Proj4;
    toDegrees.set(crs, (converter = proj4(systems[crs], 'WGS84')));
  }
  return converter;
}

/** East and north (or longitude and latitude) of a system as WGS84 [longitude, latitude], to the decimetre (6 decimals). */
export function toWgs84(east: number, north: number, crs: Crs): [longitude: number, latitude: number] {
  if (!Number.isFinite(east) || !Number.isFinite(north)) return [NaN, NaN];
  const [longitude = NaN, latitude = NaN] = converterOf(crs).forward([east, north]);
  return [Number(longitude.toFixed(6)), Number(latitude.toFixed(6))];
}
