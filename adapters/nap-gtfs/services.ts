import { accepted, refused, reject, requiredTexts, textOf, type Outcome, type Result, type Row } from '#core';
import { clock, code, day, known, page, whole, words } from './fields.ts';
import type { GtfsRecord } from './record.ts';
import { routeType } from './route-types.ts';

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** Without its telephone number, which may be a person's. */
export function agency(row: Row): Outcome<GtfsRecord> {
  const name = words(row, 'agency_name');
  if (name === undefined) return refused(reject('decode', 'missing_field', 'an agency has no agency_name', '/agency_name'));
  const values = known({
    agencyName: name,
    name,
    page: page(row, 'agency_url'),
    timezone: textOf(row, 'agency_timezone'),
    language: textOf(row, 'agency_lang'),
  });
  return accepted({ type: 'GtfsAgency', id: textOf(row, 'agency_id') ?? name, values, links: {} });
}

export function route(row: Row): Outcome<GtfsRecord> {
  const texts = requiredTexts(row, 'route_id', 'route_type');
  if (!texts.ok) return refused(texts.error);
  const [id, kind] = texts.value;
  const type = routeType(kind);
  const operator = textOf(row, 'agency_id');
  const links: GtfsRecord['links'] = operator === undefined ? {} : { operatedBy: { type: 'GtfsAgency', id: operator } };
  const values = known({
    name: words(row, 'route_long_name') ?? words(row, 'route_short_name'),
    shortName: words(row, 'route_short_name'),
    description: words(row, 'route_desc'),
    page: page(row, 'route_url'),
    routeType: type,
    routeColor: words(row, 'route_color'),
    routeTextColor: words(row, 'route_text_color'),
  });
  return {
    ...accepted({
      type: 'GtfsRoute' as const,
      id,
      values,
      links,
    }),
    rejections:
      type === undefined
        ? [reject('decode', 'invalid_value', `route_type is "${kind}"; expected a kind of vehicle of GTFS`, '/route_type')]
        : [],
  };
}

export function service(row: Row): Outcome<GtfsRecord> {
  const texts = requiredTexts(row, 'service_id', 'agency_id');
  if (!texts.ok) return refused(texts.error);
  const [id, operator] = texts.value;
  return accepted({ type: 'GtfsService', id, values: { name: id }, links: { operatedBy: { type: 'GtfsAgency', id: operator } } });
}

export function calendar(row: Row): Outcome<GtfsRecord> {
  const texts = requiredTexts(row, 'service_id', ...weekdays);
  if (!texts.ok) return refused(texts.error);
  const [id = '', ...flags] = texts.value;
  const wrong = weekdays.find((_, at) => !/^[01]$/.test(flags[at] ?? ''));
  if (wrong !== undefined)
    return refused(reject('decode', 'invalid_value', `${wrong} is "${textOf(row, wrong)}"; expected 0 or 1`, `/${wrong}`));
  const dates = both(day(row, 'start_date'), day(row, 'end_date'));
  if (!dates.ok) return refused(dates.error);
  const [startDate, endDate] = dates.value;
  const values = { ...Object.fromEntries(weekdays.map((name, at) => [name, flags[at] === '1'])), startDate, endDate };
  return accepted({ type: 'GtfsCalendarRule', id, values, links: { hasService: { type: 'GtfsService', id } } });
}

export function exception(row: Row): Outcome<GtfsRecord> {
  const texts = requiredTexts(row, 'service_id', 'exception_type');
  if (!texts.ok) return refused(texts.error);
  const [id] = texts.value;
  const fields = both(day(row, 'date'), code(row, 'exception_type', ['1', '2']));
  if (!fields.ok) return refused(fields.error);
  const [appliesOn, exceptionType = ''] = fields.value;
  const links = { hasService: { type: 'GtfsService' as const, id } };
  return accepted({ type: 'GtfsCalendarDateRule', id: `${id}:${appliesOn}`, values: { appliesOn, exceptionType }, links });
}

export function frequency(row: Row): Outcome<GtfsRecord> {
  const texts = requiredTexts(row, 'trip_id', 'start_time', 'end_time');
  if (!texts.ok) return refused(texts.error);
  const [trip] = texts.value;
  const times = both(clock(row, 'start_time'), clock(row, 'end_time'));
  const headway = whole(row, 'headway_secs', 1);
  if (!times.ok) return refused(times.error);
  if (!headway.ok) return refused(headway.error);
  const [startTime = '', endTime = ''] = times.value;
  const exact = textOf(row, 'exact_times');
  const values = known({ startTime, endTime, headwaySeconds: headway.value, exactTimes: exact === undefined ? undefined : exact === '1' });
  return accepted({ type: 'GtfsFrequency', id: `${trip}:${startTime}`, values, links: { hasTrip: { type: 'GtfsTrip', id: trip } } });
}

/** Both values, or the first fault. */
export function both<A, B>(one: Result<A>, other: Result<B>): Result<[A, B]> {
  if (!one.ok) return one;
  return other.ok ? { ok: true, value: [one.value, other.value] } : other;
}
