import { refused, reject, textOf, type Outcome, type Row } from '#core';
import { derivedStop, shape, stop } from './places.ts';
import type { GtfsRecord } from './record.ts';
import { agency, calendar, exception, frequency, route, service } from './services.ts';
import { stopTime, transfer, trip } from './trips.ts';

const tables: Readonly<Record<string, (row: Row) => Outcome<GtfsRecord>>> = {
  agency,
  stops: stop,
  routes: route,
  services: service,
  trips: trip,
  stop_times: stopTime,
  calendar,
  calendar_dates: exception,
  shapes: shape,
  frequencies: frequency,
  transfers: transfer,
};

/** One row of a table of the feed, or a stop of a service that serves it. */
export function decode(row: Row): Outcome<GtfsRecord> {
  const table = textOf(row, '@table');
  if (table === undefined) return derivedStop(row);
  const read = Object.hasOwn(tables, table) ? tables[table] : undefined;
  return (
    read?.(row) ??
    refused(reject('decode', 'invalid_value', `@table is "${table}"; expected one of ${Object.keys(tables).join(', ')}`, '/@table'))
  );
}

const keys: Readonly<Record<string, readonly string[]>> = {
  agency: ['agency_id'],
  stops: ['stop_id'],
  routes: ['route_id'],
  services: ['service_id'],
  trips: ['trip_id'],
  stop_times: ['trip_id', 'stop_sequence'],
  calendar: ['service_id'],
  calendar_dates: ['service_id', 'date'],
  shapes: ['shape_id'],
  frequencies: ['trip_id', 'start_time'],
  transfers: ['from_stop_id', 'to_stop_id'],
};

/** Table and key of a row: what is gone from the next version is gone from the timetable. */
export function key(row: Row): string | undefined {
  const table = textOf(row, '@table');
  if (table === undefined) return textOf(row, 'gtfs_id');
  return [table, ...(keys[table] ?? []).map((column) => textOf(row, column) ?? '')].join('/');
}
