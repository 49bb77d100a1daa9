import type { Format, Row } from '../../plugin.ts';
import { ok, type Result } from '../../result.ts';
import { readTable, type GtfsRow } from './gtfs-table.ts';
import { otherFormat, type Dataset } from './parsed.ts';
import { openZip, type ZipEntry } from './zip.ts';

/** Columns without which a table is another one. */
const tables = {
  agency: ['agency_name', 'agency_timezone'],
  stops: ['stop_id'],
  routes: ['route_id', 'route_type'],
  trips: ['route_id', 'service_id', 'trip_id'],
  stop_times: ['trip_id', 'stop_id', 'stop_sequence'],
  calendar: ['service_id', 'start_date', 'end_date'],
  calendar_dates: ['service_id', 'date', 'exception_type'],
  shapes: ['shape_id', 'shape_pt_lat', 'shape_pt_lon', 'shape_pt_sequence'],
  frequencies: ['trip_id', 'start_time', 'end_time', 'headway_secs'],
  transfers: ['from_stop_id', 'to_stop_id'],
} as const;
type Table = keyof typeof tables;
type GtfsFormat = Extract<Format, { kind: 'gtfs' }>;
const needed: readonly Table[] = ['agency', 'stops', 'routes', 'trips', 'stop_times'];

/**
 * Reads a GTFS feed (gtfs.org, Schedule) for an area: the stops in it with their stations, the trips that call at them, the times of those
 * calls, and the routes, services, shapes and agencies of these trips. Rows have their table under `@table`; a shape is one row with its line
 * under `@geometry`; services come as a table of their own with the agency that runs them. Refuses what `openZip` and `readTable` do, and a
 * feed without one of its tables.
 */
export async function parseGtfs(bytes: Uint8Array, format: GtfsFormat, name: string): Promise<Result<Dataset>> {
  const archive = await openZip(bytes, name);
  if (!archive.ok) return archive;
  const entries = new Map(
    archive.value.map((entry): [string, ZipEntry] => [entry.name.replace(/^.*\//, '').replace(/\.txt$/i, ''), entry]),
  );
  const missing = needed.filter((table) => !entries.has(table));
  if (!entries.has('calendar') && !entries.has('calendar_dates')) missing.push('calendar');
  if (missing.length > 0) return otherFormat(`${name} is no GTFS feed: it lacks ${missing.map((table) => `${table}.txt`).join(', ')}`);
  try {
    return ok(await areaOf(new Feed(entries, name), format));
  } catch (error) {
    if (error instanceof TableRefused) return error.result;
    throw error;
  }
}

/** Carries the refusal of a table out of the steps that need it. */
class TableRefused extends Error {
  constructor(readonly result: Result<never>) {
    super('a table of the feed was refused');
  }
}

class Feed {
  constructor(
    private readonly entries: ReadonlyMap<string, ZipEntry>,
    private readonly name: string,
  ) {}

  /** Wanted rows of a table; none where the feed does not have it. */
  async rows(table: Table, isWanted: (row: GtfsRow) => boolean): Promise<GtfsRow[]> {
    const entry = this.entries.get(table);
    if (entry === undefined) return [];
    const rows = await readTable(entry, tables[table], isWanted, this.name);
    if (!rows.ok) throw new TableRefused(rows);
    return rows.value;
  }
}

async function areaOf(feed: Feed, { area: [west, south, east, north], agencies: wanted }: GtfsFormat): Promise<Dataset> {
  const isIn = ({ stop_lon: lon, stop_lat: lat }: GtfsRow): boolean =>
    lon !== undefined && lat !== undefined && Number(lon) >= west && Number(lon) <= east && Number(lat) >= south && Number(lat) <= north;
  const stops = await feed.rows('stops', isIn);
  if (stops.length === 0) return { header: {}, rows: [] };
  const stopIds = idsOf(stops, 'stop_id');
  const parents = idsOf(stops, 'parent_station');
  const stations = await feed.rows('stops', (row) => has(parents, row['stop_id']) && !has(stopIds, row['stop_id']));
  // Some feeds count the calls of a trip from 0, which its first call alone shows.
  let isFromZero = false;
  const allCalls = await feed.rows('stop_times', (row) => {
    isFromZero ||= row['stop_sequence'] === '0';
    return has(stopIds, row['stop_id']);
  });
  const calling = idsOf(allCalls, 'trip_id');
  const allTrips = await feed.rows('trips', (row) => has(calling, row['trip_id']));
  const routeIds = idsOf(allTrips, 'route_id');
  const allRoutes = await feed.rows('routes', (row) => has(routeIds, row['route_id']));
  const routes = wanted === undefined ? allRoutes : allRoutes.filter((row) => wanted.includes(row['agency_id'] ?? ''));
  const trips = wanted === undefined ? allTrips : allTrips.filter((row) => has(idsOf(routes, 'route_id'), row['route_id']));
  const tripIds = idsOf(trips, 'trip_id');
  const calls = wanted === undefined ? allCalls : allCalls.filter((row) => has(tripIds, row['trip_id']));
  const agencyIds = idsOf(routes, 'agency_id');
  const agencies = await feed.rows(
    'agency',
    (row) => row['agency_id'] === undefined || (agencyIds.size === 0 && wanted === undefined) || has(agencyIds, row['agency_id']),
  );
  const serviceIds = idsOf(trips, 'service_id');
  const shapeIds = idsOf(trips, 'shape_id');
  const ofService = (row: GtfsRow): boolean => has(serviceIds, row['service_id']);
  const ofTrip = (row: GtfsRow): boolean => has(tripIds, row['trip_id']);
  const children = grouped([...stops, ...stations], 'parent_station');
  const onlyAgency = agencies.length === 1 ? (agencies[0]?.['agency_id'] ?? agencies[0]?.['agency_name']) : undefined;
  const agencyOfRoute = new Map(routes.map((row) => [row['route_id'], row['agency_id'] ?? onlyAgency]));
  const agencyOfService = new Map(trips.map((row) => [row['service_id'], agencyOfRoute.get(row['route_id'])]));
  const shapes = await feed.rows('shapes', (row) => has(shapeIds, row['shape_id']));
  const knownShapes = idsOf(shapes, 'shape_id');
  const rows = [
    ...named('agency', agencies),
    ...named('stops', [...stops, ...stations]).map((row) => ({ ...row, ...childrenOf(children.get(String(row['stop_id']))) })),
    ...named('routes', routes).map((row) => ({ ...row, ...(onlyAgency !== undefined && { agency_id: row['agency_id'] ?? onlyAgency }) })),
    ...[...serviceIds].map((service): Row => {
      const agency = agencyOfService.get(service);
      return { '@table': 'services', service_id: service, ...(agency !== undefined && { agency_id: agency }) };
    }),
    ...named('trips', trips).map((row) => (has(knownShapes, String(row['shape_id'])) ? row : { ...row, shape_id: '' })),
    ...named('stop_times', calls).map((row) => (isFromZero ? { ...row, '@from': '0' } : row)),
    ...named('calendar', await feed.rows('calendar', ofService)),
    ...named('calendar_dates', await feed.rows('calendar_dates', ofService)),
    ...linesOf(shapes),
    ...named('frequencies', await feed.rows('frequencies', ofTrip)),
    ...named('transfers', await feed.rows('transfers', (row) => has(stopIds, row['from_stop_id']) && has(stopIds, row['to_stop_id']))),
  ];
  const timezone = agencies[0]?.['agency_timezone'];
  return { header: timezone === undefined ? {} : { '@timezone': timezone }, rows };
}

function named(table: string, rows: readonly GtfsRow[]): Row[] {
  return rows.map((row) => ({ '@table': table, ...row }));
}

function idsOf(rows: readonly GtfsRow[], column: string): Set<string> {
  return new Set(rows.flatMap((row) => row[column] ?? []));
}

function has(ids: ReadonlySet<string>, id: string | undefined): boolean {
  return id !== undefined && ids.has(id);
}

/** Ids of the stops and of the entrances of a station. */
function childrenOf(children: readonly GtfsRow[] = []): Row {
  const of = (kinds: readonly string[]) =>
    children.filter((row) => kinds.includes(row['location_type'] ?? '0')).flatMap((row) => row['stop_id'] ?? []);
  const [stops, entrances] = [of(['0']), of(['2'])];
  return { ...(stops.length > 0 && { '@stops': stops }), ...(entrances.length > 0 && { '@entrances': entrances }) };
}

function grouped(rows: readonly GtfsRow[], column: string): Map<string, GtfsRow[]> {
  const groups = new Map<string, GtfsRow[]>();
  for (const row of rows) {
    const key = row[column] ?? '';
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/** One row per shape: its points in their order. */
function linesOf(points: readonly GtfsRow[]): Row[] {
  return [...grouped(points, 'shape_id')].map(([shape, own]) => {
    const sorted = [...own].sort((left, right) => Number(left['shape_pt_sequence']) - Number(right['shape_pt_sequence']));
    const distances = sorted.flatMap((row) => row['shape_dist_traveled'] ?? []);
    return {
      '@table': 'shapes',
      shape_id: shape,
      '@geometry': { type: 'LineString', coordinates: sorted.map((row) => [Number(row['shape_pt_lon']), Number(row['shape_pt_lat'])]) },
      ...(distances.length === sorted.length && { '@distances': distances }),
    };
  });
}
