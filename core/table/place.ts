import { point } from '../entity/build.ts';
import type { GeoProperty } from '../entity/entity.ts';
import type { Row } from '../plugin.ts';
import { toWgs84 } from '../source/crs.ts';
import { decimal } from '../source/number.ts';
import { pointOf } from '../source/row.ts';
import { textOfCell, type RowFaults } from './cell.ts';
import type { Compiler } from './compiler.ts';
import { localNumber } from './number.ts';
import { column, type CellSource } from './sources.ts';

type PlaceReader = (row: Row, faults: RowFaults) => GeoProperty | undefined;

/** Compiles where a row's thing is. A row without coordinates has none; half of a pair, or a key without a place, is refused. */
export function placeReader(compiler: Compiler): PlaceReader | undefined {
  const { location } = compiler.mapping;
  if (location === undefined) return undefined;
  if ('fixed' in location) {
    const place = point(...location.fixed);
    return () => place;
  }
  if ('of' in location) return placeOfKey(location.column, location.of, compiler);
  if ('geometry' in location) return geometry(location.crs);
  const [first, second, crs] =
    'latitude' in location
      ? [location.longitude, location.latitude, location.crs === 'EPSG:3906' ? location.crs : undefined]
      : [location.east, location.north, location.crs];
  if (first === undefined || second === undefined) {
    compiler.fault(['location'], 'needs latitude and longitude, east and north with crs, fixed, column with of, or geometry: true');
    return undefined;
  }
  const isDegrees = 'latitude' in location;
  const [x, y] = [coordinate(first, isDegrees, compiler), coordinate(second, isDegrees, compiler)];
  return (row, faults) => {
    const [east, north] = [x(row, faults), y(row, faults)];
    if (east === undefined && north === undefined) return undefined;
    if (east === undefined || north === undefined) {
      if (faults.rejections.length === 0) faults.add('missing_location', `of ${first} and ${second} only one has a value`, first);
      return undefined;
    }
    return point(...(crs === undefined ? ([east, north] as const) : toWgs84(east, north, crs)));
  };
}

/** Of degrees a single dot or comma is the decimal mark, whatever stands between the thousands of other numbers. */
function coordinate(name: string, isDegrees: boolean, compiler: Compiler): (row: Row, faults: RowFaults) => number | undefined {
  const read: CellSource = column(name, compiler);
  return (row, faults) => {
    const cell = read(row, faults);
    if (cell === undefined || typeof cell === 'number') return cell;
    const text = textOfCell(cell);
    const number = isDegrees ? decimal(text) : localNumber(text, compiler.mark);
    const expected = isDegrees ? '14,0291' : '424258';
    return number ?? faults.add('invalid_value', `${name} is "${text}"; expected a coordinate such as ${expected}`, name);
  };
}

function placeOfKey(name: string, places: Readonly<Record<string, readonly [number, number]>>, compiler: Compiler): PlaceReader {
  const read = column(name, compiler);
  const known = new Map(Object.entries(places).map(([key, place]) => [key, point(...place)]));
  return (row, faults) => {
    const cell = read(row, faults);
    if (cell === undefined) return undefined;
    const place = known.get(textOfCell(cell));
    return place ?? faults.add('missing_location', `${name} is "${textOfCell(cell)}", which location.of has no place for`, name);
  };
}

function geometry(crs: 'EPSG:3794' | 'EPSG:3912' | undefined): PlaceReader {
  return (row, faults) => {
    const place = pointOf(row, crs);
    if (place.ok) return point(...place.value);
    faults.rejections.push(place.error);
    return undefined;
  };
}
