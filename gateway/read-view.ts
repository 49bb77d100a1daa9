import type { Naming } from './naming.ts';
import { checkName, checkUri, flagOf, listOf, wholeNumber, type Params } from './params.ts';
import type { Page, Temporal, View } from './question.ts';
import { notUnderstood } from './refusal.ts';

/** Members of an entity that are no attributes. */
export const entityMembers: ReadonlySet<string> = new Set(['id', 'type', 'scope', 'createdAt', 'modifiedAt', 'expiresAt']);

const forms: Readonly<Record<string, View['form']>> = {
  normalized: 'normalized',
  concise: 'concise',
  simplified: 'simplified',
  keyValues: 'simplified',
};
const temporalForms = ['normalized', 'temporalValues', 'aggregatedValues'] as const;
const mostAttributes = 99;
const mostOffset = 100_000;

/** `limit` is at most what this gateway gives at once. */
export function readPage(params: Params, most: number): Page {
  const count = flagOf(params['count'], 'count');
  const limit = wholeNumber(params['limit'], 'limit', count ? 0 : 1, most) ?? Math.min(20, most);
  return { limit, offset: wholeNumber(params['offset'], 'offset', 0, mostOffset) ?? 0, count };
}

/** How entities are shown. `isTemporal`: forms are those of temporal entities. */
export function readView(params: Params, media: View['media'], naming: Naming, isTemporal = false): View {
  const { form, sysAttrs } = isTemporal ? { form: 'normalized' as const, sysAttrs: false } : readForm(params);
  const members = (name: string): string[] | undefined =>
    listOf(params[name], name, mostAttributes)?.map((one) => (entityMembers.has(one) ? one : naming.canonical(checkName(one, name))));
  const [attrs, pick, omit] = [members('attrs'), members('pick'), members('omit')];
  if (attrs !== undefined && (pick !== undefined || omit !== undefined)) throw notUnderstood('attrs goes neither with pick nor with omit');
  const both = pick?.find((name) => omit?.includes(name));
  if (both !== undefined) throw notUnderstood(`${both} is in pick and in omit`);
  if (attrs?.some((name) => entityMembers.has(name) && name !== 'scope')) throw notUnderstood('attrs names attributes only');
  const { lang, geometryProperty } = params;
  if (
    lang !== undefined &&
    !/^[A-Za-z0-9*]{1,8}(?:-[A-Za-z0-9]{1,8})*(?:;q=[01](?:\.\d{1,3})?)?(?:, ?[A-Za-z0-9*-]{1,20}(?:;q=[01](?:\.\d{1,3})?)?)*$/.test(
      lang.slice(0, 200),
    )
  )
    throw notUnderstood('lang: language tags as in Accept-Language are taken');
  if (geometryProperty !== undefined && media !== 'application/geo+json')
    throw notUnderstood('geometryProperty goes with application/geo+json');
  const datasetIds = listOf(params['datasetId'], 'datasetId', 20)?.map((id) => (id === '@none' ? id : checkUri(id, 'datasetId')));
  return {
    media,
    form,
    sysAttrs,
    ...(attrs && { attrs }),
    ...(pick && { pick }),
    ...(omit && { omit }),
    ...(datasetIds && { datasetIds }),
    ...(lang !== undefined && { lang: lang.slice(0, 200) }),
    geometryProperty: naming.canonical(geometryProperty === undefined ? 'location' : checkName(geometryProperty, 'geometryProperty')),
  };
}

function readForm(params: Params): { form: View['form']; sysAttrs: boolean } {
  const words = listOf(params['options'], 'options', 5) ?? [];
  const wished = [...(params['format'] === undefined ? [] : [params['format']]), ...words.filter((word) => word !== 'sysAttrs')];
  const strange = wished.find((word) => !Object.hasOwn(forms, word));
  if (strange !== undefined) throw notUnderstood('options and format: normalized, concise, simplified, keyValues and sysAttrs are taken');
  return { form: forms[wished[0] ?? 'normalized'] ?? 'normalized', sysAttrs: words.includes('sysAttrs') };
}

const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?Z$/;
const times = ['observedAt', 'createdAt', 'modifiedAt'];
const methods = ['totalCount', 'distinctCount', 'sum', 'avg', 'min', 'max', 'stddev', 'sumsq'];
const duration = /^P(?=.)(?:\d{1,2}Y)?(?:\d{1,3}M)?(?:\d{1,3}W)?(?:\d{1,4}D)?(?:T(?=.)(?:\d{1,5}H)?(?:\d{1,6}M)?(?:\d{1,8}S)?)?$/;

/** The window in time, from URI parameters or a `temporalQ` with the same members. */
export function readTemporal(given: Readonly<Record<string, unknown>>, params: Params): Temporal {
  const { timerel, timeAt, endTimeAt, timeproperty, lastN, aggrMethods, aggrPeriodDuration } = given;
  const temporalQ: Record<string, unknown> = {};
  const take = (name: string, value: unknown, isFine: (text: string) => boolean, expected: string): void => {
    if (value === undefined) return;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string' || text.length > 200 || !isFine(text)) throw notUnderstood(`${name}: ${expected} is taken`);
    temporalQ[name] = value;
  };
  const isMoment = (text: string): boolean => moment.test(text) && !Number.isNaN(Date.parse(text.replace(',', '.')));
  take('timerel', timerel, (text) => ['before', 'after', 'between'].includes(text), 'before, after or between');
  take('timeAt', timeAt, isMoment, 'a moment such as 2026-05-01T10:00:00Z');
  take('endTimeAt', endTimeAt, isMoment, 'a moment such as 2026-05-01T10:00:00Z');
  take('timeproperty', timeproperty, (text) => times.includes(text), times.join(', '));
  take('lastN', lastN, (text) => /^[1-9]\d{0,5}$/.test(text), 'a whole number from 1');
  const asText = Array.isArray(aggrMethods) ? aggrMethods.join(',') : aggrMethods;
  take('aggrMethods', asText, (text) => text.split(',').every((one) => methods.includes(one.trim())), methods.join(', '));
  take('aggrPeriodDuration', aggrPeriodDuration, (text) => duration.test(text), 'a duration such as PT1H');
  if ((timerel === undefined) !== (timeAt === undefined)) throw notUnderstood('timerel and timeAt go together');
  if ((timerel === 'between') !== (endTimeAt !== undefined))
    throw notUnderstood('endTimeAt goes with timerel between, and it with endTimeAt');
  if (typeof lastN === 'string') temporalQ['lastN'] = Number(lastN);
  const words = listOf(params['options'], 'options', 3) ?? [];
  const wished = [...(params['format'] === undefined ? [] : [params['format']]), ...words];
  const format = (wished[0] ?? (asText === undefined ? 'normalized' : 'aggregatedValues')) as Temporal['format'];
  // The times of creation and change of a whole entity tell of all its attributes; those of one are in no form of a history that is needed.
  if (wished.length > 1 || !temporalForms.includes(format))
    throw notUnderstood(`options and format: one of ${temporalForms.join(', ')} is taken`);
  if ((format === 'aggregatedValues') !== (asText !== undefined)) throw notUnderstood('aggregatedValues and aggrMethods go together');
  return { temporalQ, format };
}
