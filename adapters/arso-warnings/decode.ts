import {
  accepted,
  err,
  instant,
  ok,
  plainName,
  refused,
  reject,
  requiredText,
  textOf,
  type DatasetFile,
  type Instant,
  type Outcome,
  type Result,
  type Row,
} from '#core';
import { kinds, severities, type WarningRecord } from './record.ts';
import { areasOf, ringsOf, valueIn } from './region.ts';

/** One `info`, a record for each of its areas. The Slovenian and the English one of a warning give the same; a green or white one is no warning. */
export function decode(info: Row, file: DatasetFile): Outcome<WarningRecord> {
  const status = textOf(file.header, 'status') ?? 'Actual';
  const messageType = textOf(file.header, 'msgType') ?? 'Alert';
  if (status !== 'Actual' || !/^(?:Alert|Update)$/.test(messageType)) {
    const message = `the message is ${status} ${messageType}; only Actual messages that are an Alert or Update are warnings`;
    return refused(reject('decode', 'invalid_value', message));
  }
  const [level, colour] = (valueIn(info['parameter'], 'awareness_level') ?? '').split(/\s*;\s*/);
  if (colour === 'green' || colour === 'white') {
    return refused(reject('decode', 'no_measurement', `the level is ${colour}: there is no warning`, '/parameter'));
  }
  const severity = Object.hasOwn(severities, colour ?? '') ? severities[colour as keyof typeof severities] : undefined;
  const [number = '', kind = ''] = (valueIn(info['parameter'], 'awareness_type') ?? '').split(/\s*;\s*/);
  const subCategory = Object.hasOwn(kinds, number) ? kinds[number] : undefined;
  if (severity === undefined || subCategory === undefined) {
    const message = `awareness_level is "${level ?? ''}; ${colour ?? ''}" and awareness_type "${number}; ${kind}"; expected a level and a kind of Meteoalarm`;
    return refused(reject('decode', 'invalid_value', message, '/parameter'));
  }
  const times = timesOf(info, file);
  if (!times.ok) return refused(times.error);
  const slovenian = [info, ...file.rows].find((row) => isSame(row, info) && isIn(row, 'sl')) ?? info;
  const english = [info, ...file.rows].find((row) => isSame(row, info) && isIn(row, 'en'));
  const headline = requiredText(slovenian, 'headline');
  if (!headline.ok) return refused(headline.error);
  const headlineEn = english === undefined ? undefined : textOf(english, 'headline');
  const description = [slovenian, english].flatMap(words).join(' / ');
  const warning = {
    subCategory,
    severity,
    headline: plainName(headline.value),
    ...(headlineEn !== undefined && { headlineEn: plainName(headlineEn) }),
    ...(description !== '' && { description }),
    ...times.value,
  };
  const areas = areasOf(info);
  if (areas.length === 0) return refused(reject('decode', 'missing_field', 'the warning has no area; expected a region', '/area'));
  const outcome: Outcome<WarningRecord> = { values: [], rejections: [] };
  for (const [index, area] of areas.entries()) {
    const placed = placedIn(area, areasOf(slovenian)[index] ?? area);
    outcome.values.push(...placed.values.map((place) => ({ ...warning, ...place })));
    outcome.rejections.push(...placed.rejections);
  }
  return outcome;
}

/** Region and place of a warning. Without a readable polygon it is published without its place. */
function placedIn(area: Row, named: Row): Outcome<Pick<WarningRecord, 'region' | 'regionName' | 'area'>> {
  const region = valueIn(area['geocode'], 'meteosiId');
  if (region === undefined) return refused(reject('decode', 'missing_field', 'area has no geocode meteosiId; expected a region', '/area'));
  const regionName = plainName(textOf(named, 'areaDesc') ?? region);
  const rings = ringsOf(area);
  const closed = rings.filter((ring) => ring !== undefined);
  if (closed.length > 0 && closed.length === rings.length) return accepted({ region, regionName, area: closed });
  const message = `the area of ${region} has no closed polygon of latitude,longitude, or one that is not; the warning is published without its place`;
  return { ...accepted({ region, regionName }), rejections: [reject('decode', 'missing_location', message, '/area')] };
}

/** `sent` of the message, `onset` (else `effective`) and `expires`. A warning may begin before it is issued. */
function timesOf(info: Row, file: DatasetFile): Result<Pick<WarningRecord, 'dateIssued' | 'validFrom' | 'validTo'>> {
  const sent = textOf(file.header, 'sent') === undefined ? momentOf(info, 'effective') : momentOf(file.header, 'sent');
  const from = momentOf(info, textOf(info, 'onset') === undefined ? 'effective' : 'onset');
  const to = momentOf(info, 'expires');
  if (!sent.ok) return sent;
  if (!from.ok) return from;
  if (!to.ok) return to;
  if (from.value <= to.value) return ok({ dateIssued: sent.value, validFrom: from.value, validTo: to.value });
  return err(reject('decode', 'invalid_time', `the warning expires at ${to.value}, before it begins at ${from.value}`, '/expires'));
}

function momentOf(row: Row, column: string): Result<Instant> {
  const text = requiredText(row, column);
  if (!text.ok) return text;
  const moment = instant(text.value);
  if (moment !== undefined) return ok(moment);
  const message = `${column} is "${text.value}"; expected a moment with its offset such as 2026-05-30T18:10:00+02:00`;
  return err(reject('decode', 'invalid_time', message, `/${column}`));
}

/** Slovenian and English of a warning share everything but words. */
function isSame(one: Row, other: Row): boolean {
  const parts = (row: Row): string =>
    [
      valueIn(row['parameter'], 'awareness_level'),
      valueIn(row['parameter'], 'awareness_type'),
      textOf(row, 'onset'),
      textOf(row, 'expires'),
      ...areasOf(row).map((area) => valueIn(area['geocode'], 'meteosiId')),
    ].join('|');
  return parts(one) === parts(other);
}

function isIn(row: Row, language: string): boolean {
  return textOf(row, 'language')?.toLowerCase().startsWith(language) === true;
}

function words(row: Row | undefined): string[] {
  const texts = row === undefined ? [] : [textOf(row, 'description'), textOf(row, 'instruction')];
  const said = plainName(texts.filter((text) => text !== undefined).join(' '));
  return said === '' ? [] : [said];
}
