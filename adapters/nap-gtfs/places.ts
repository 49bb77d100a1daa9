import { accepted, numberOf, refused, reject, textOf, type Outcome, type Rejection, type Row } from '#core';
import { code, known, page, words } from './fields.ts';
import type { GtfsRecord } from './record.ts';

const types = { '': 'GtfsStop', '0': 'GtfsStop', '1': 'GtfsStation', '2': 'GtfsAccessPoint' } as const;

/** A row of stops: a stop, a station with what lies in it, or an entrance. Nodes and boarding areas have no type in the models. */
export function stop(row: Row): Outcome<GtfsRecord> {
  const id = textOf(row, 'stop_id');
  const name = words(row, 'stop_name');
  if (id === undefined || name === undefined)
    return refused(reject('decode', 'missing_field', 'a stop has no stop_id or stop_name', '/stop_name'));
  const kind = textOf(row, 'location_type') ?? '';
  const type = Object.hasOwn(types, kind) ? types[kind as keyof typeof types] : undefined;
  if (type === undefined) {
    return refused(reject('decode', 'invalid_value', `location_type of ${name} is ${kind}; only 0, 1 and 2 have a type`, '/location_type'));
  }
  const place = placeOf(row, 'stop_lon', 'stop_lat', name);
  if ('code' in place) return refused(place);
  const wheelchair = code(row, 'wheelchair_boarding', ['0', '1', '2']);
  const parent = textOf(row, 'parent_station');
  const [stops, entrances] = [listOf(row['@stops']), listOf(row['@entrances'])];
  return {
    ...accepted({
      type,
      id,
      values: known({
        name,
        code: words(row, 'stop_code'),
        stop_desc: words(row, 'stop_desc'),
        page: page(row, 'stop_url'),
        zoneCode: words(row, 'zone_id'),
        wheelChairAccessible: wheelchair.ok ? wheelchair.value : undefined,
      }),
      links: {
        ...(parent !== undefined && { hasParentStation: { type: 'GtfsStation' as const, id: parent } }),
        ...(type === 'GtfsStation' && stops.length > 0 && { hasStop: { type: 'GtfsStop' as const, id: stops } }),
        ...(type === 'GtfsStation' && entrances.length > 0 && { hasAccessPoint: { type: 'GtfsAccessPoint' as const, id: entrances } }),
      },
      geometry: place,
    }),
    rejections: wheelchair.ok ? [] : [wheelchair.error],
  };
}

/** A stop as the services that serve the national feed give it: `IJPP:1120993` is 1120993 of the feed. */
export function derivedStop(row: Row): Outcome<GtfsRecord> {
  return stop({
    stop_id: textOf(row, 'gtfs_id')?.replace(/^[A-Za-z]+:/, ''),
    stop_name: textOf(row, 'name'),
    stop_lon: row['lon'],
    stop_lat: row['lat'],
  });
}

export function shape(row: Row): Outcome<GtfsRecord> {
  const id = textOf(row, 'shape_id');
  const { coordinates } = (row['@geometry'] ?? {}) as { coordinates?: unknown };
  if (id === undefined || !Array.isArray(coordinates) || coordinates.length < 2) {
    return refused(reject('decode', 'missing_location', `the shape ${id ?? ''} has fewer than two points`, '/@geometry'));
  }
  const distances = (Array.isArray(row['@distances']) ? row['@distances'] : []).map(Number);
  const values = known({ name: id, distanceTravelled: distances.length > 0 && distances.every((one) => one >= 0) ? distances : undefined });
  return accepted({ type: 'GtfsShape', id, values, links: {}, geometry: { type: 'LineString', coordinates } });
}

function listOf(ids: unknown): string[] {
  return Array.isArray(ids) ? ids.map(String) : [];
}

function placeOf(row: Row, east: string, north: string, name: string): Rejection | { type: 'Point'; coordinates: [number, number] } {
  const x = numberOf(row, east);
  const y = numberOf(row, north);
  if (!x.ok) return x.error;
  if (!y.ok) return y.error;
  if (x.value === undefined || y.value === undefined)
    return reject('decode', 'missing_location', `${name} has no coordinates`, `/${north}`);
  return { type: 'Point', coordinates: [x.value, y.value] };
}
