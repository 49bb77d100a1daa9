import { compilePattern } from '../../../core/service/pattern.ts';
import { checkUri } from '../input/names.ts';
import { flagOf, listOf, type Params } from '../http/params.ts';
import { Problem } from '../problems.ts';
import { parseGeo } from '../query/geo.ts';
import type { EntityTest } from '../query/logic.ts';
import { parseQ } from '../query/q.ts';
import { parseScopeQ } from '../query/scope.ts';
import { isObject } from '../input/shape.ts';
import { checksOf, type Json } from '../subscription/checks.ts';
import { mapMember, type EntitySelector } from '../subscription/document.ts';
import { parseTypes } from '../query/types.ts';
import type { ResolvedContext } from '../types.ts';
import { readAggregation, type Aggregation } from './aggregate.ts';
import { readLastN, readWindow, type TemporalWindow } from './window.ts';

/** How an evolution is shown. */
export interface TemporalView {
  readonly window: TemporalWindow;
  readonly lastN?: number;
  /** Attribute IRIs (and `scope`) to keep. */
  readonly attrs?: ReadonlySet<string>;
  readonly pick?: ReadonlySet<string>;
  readonly omit?: ReadonlySet<string>;
  readonly datasetIds?: readonly string[];
  readonly lang?: string;
  readonly sysAttrs: boolean;
  readonly format: 'normalized' | 'temporalValues' | 'aggregatedValues';
  readonly aggregation?: Aggregation;
}

/** Which entities are asked for, and how they are shown. */
export interface TemporalQuery {
  readonly view: TemporalView;
  readonly ids?: readonly string[];
  /** By id and types alone. */
  readonly entity: EntityTest;
  /** On the values inside of the window. */
  readonly values: readonly EntityTest[];
  readonly descending?: boolean;
}

export const VIEW_PARAMS =
  'attrs pick omit timerel timeAt endTimeAt timeproperty lastN options format aggrMethods aggrPeriodDuration lang datasetId local'.split(
    ' ',
  );
export const QUERY_PARAMS = 'id type idPattern q csf georel geometry coordinates geoproperty scopeQ expandValues orderBy limit offset count'
  .split(' ')
  .concat(VIEW_PARAMS);

const FORMATS = ['normalized', 'temporalValues', 'aggregatedValues'] as const;
const check = checksOf('query');

/** The view that URI parameters ask for. Throws BadRequestData. */
export function readView(params: Params, context: ResolvedContext): TemporalView {
  const members = (name: string): Set<string> | undefined => setOf(listOf(params[name]), context);
  const [attrs, pick, omit] = [members('attrs'), members('pick'), members('omit')];
  refuseBoth(attrs, pick, omit);
  const options = listOf(params['options']) ?? [];
  const formats = [params['format'], ...options.filter((option) => option !== 'sysAttrs')].filter((one) => one !== undefined);
  const unknown = formats.find((one) => !(FORMATS as readonly string[]).includes(one));
  if (unknown !== undefined) throw new Problem('InvalidRequest', 'Invalid URI parameter', `${unknown} is no format of temporal entities`);
  const format = (formats[0] ?? 'normalized') as TemporalView['format'];
  const lastN = readLastN(params['lastN']);
  return {
    window: readWindow(params),
    ...(lastN !== undefined && { lastN }),
    ...viewMembers(attrs, pick, omit, params['lang'], listOf(params['datasetId'])),
    sysAttrs: options.includes('sysAttrs'),
    format,
    ...(format === 'aggregatedValues' && { aggregation: readAggregation(params['aggrMethods'], params['aggrPeriodDuration']) }),
  };
}

/** Throws BadRequestData, also for a query that is too wide (5.7.4.4). */
export function readQuery(params: Params, context: ResolvedContext): TemporalQuery {
  const view = readView(params, context);
  const ids = listOf(params['id'])?.map((id) => checkUri(id, 'id'));
  const selector: Json = { type: params['type'] ?? '*', ...(params['idPattern'] !== undefined && { idPattern: params['idPattern'] }) };
  const query = {
    view,
    ...(ids && { ids }),
    entity: selectorTest(selector, context),
    values: valueTests(params, context, listOf(params['expandValues'])),
    ...orderOf(params['orderBy']),
  };
  if (params['csf'] !== undefined) parseQ(params['csf'], context);
  const narrowed = params['type'] !== undefined || query.values.length > 0 || namesAttribute(view.attrs) || namesAttribute(view.pick);
  if (!narrowed && !flagOf(params, 'local')) throw invalid('too wide: type, attrs, q or a geoquery is expected');
  return query;
}

/** A query by POST (5.2.23) with its temporalQ. `params`: options and format. */
export function readPostedQuery(body: Json, params: Params, context: ResolvedContext): TemporalQuery {
  check.oneOf(body['type'], 'type', ['Query']);
  const members =
    'type entities attrs pick omit q geoQ csf temporalQ scopeQ lang datasetId expandValues aggrParams orderBy ordering join joinLevel containedBy local'.split(
      ' ',
    );
  check.object(body, '', members);
  const selectors = 'entities' in body ? check.list(body['entities'], 'entities') : [];
  const tests = selectors.map((one, index) => selectorTest(check.object(one, `entities[${index}]`, ['id', 'idPattern', 'type']), context));
  const temporalQ = 'temporalQ' in body ? check.object(body['temporalQ'], 'temporalQ') : {};
  const given = readView(
    { ...params, ...aggregationParams(isObject(body['aggrParams']) ? body['aggrParams'] : temporalQ, params) },
    context,
  );
  const texts = (name: string): Set<string> | undefined => (name in body ? setOf(check.texts(body[name], name), context) : undefined);
  const [attrs, pick, omit] = [texts('attrs'), texts('pick'), texts('omit')];
  refuseBoth(attrs, pick, omit);
  const lastN = readLastN(temporalQ['lastN']);
  const datasetIds = typeof body['datasetId'] === 'string' ? [body['datasetId']] : (body['datasetId'] as string[] | undefined);
  const conditions = { ...body, ...(isObject(body['geoQ']) ? body['geoQ'] : {}) };
  const values = valueTests(conditions, context, listOf(typeof body['expandValues'] === 'string' ? body['expandValues'] : undefined));
  if (tests.length === 0 && values.length === 0 && !namesAttribute(attrs) && body['local'] !== true)
    throw invalid('too wide: entities, attrs, q or geoQ is expected');
  return {
    view: {
      ...given,
      window: readWindow(temporalQ),
      ...(lastN !== undefined && { lastN }),
      ...viewMembers(attrs, pick, omit, body['lang'] === undefined ? undefined : check.text(body['lang'], 'lang'), datasetIds),
    },
    entity: tests.length === 0 ? () => true : (entity) => tests.some((test) => test(entity)),
    values,
  };
}

/** Aggregation methods in a body ask for aggregates, unless the parameters name another format. */
function aggregationParams({ aggrMethods, aggrPeriodDuration }: Json, params: Params): Params {
  if (aggrMethods === undefined) return {};
  const formatted = params['format'] !== undefined || (listOf(params['options']) ?? []).some((option) => option !== 'sysAttrs');
  return {
    aggrMethods: String(aggrMethods),
    ...(aggrPeriodDuration !== undefined && { aggrPeriodDuration: String(aggrPeriodDuration) }),
    ...(!formatted && { format: 'aggregatedValues' }),
  };
}

function viewMembers(
  attrs: ReadonlySet<string> | undefined,
  pick: ReadonlySet<string> | undefined,
  omit: ReadonlySet<string> | undefined,
  lang: string | undefined,
  datasetIds: readonly string[] | undefined,
): Partial<TemporalView> {
  return {
    ...(attrs && { attrs }),
    ...(pick && { pick }),
    ...(omit && { omit }),
    ...(lang !== undefined && { lang }),
    ...(datasetIds && { datasetIds }),
  };
}

function refuseBoth(
  attrs: ReadonlySet<string> | undefined,
  pick: ReadonlySet<string> | undefined,
  omit: ReadonlySet<string> | undefined,
): void {
  if (attrs !== undefined && (pick !== undefined || omit !== undefined)) throw invalid('attrs goes neither with pick nor with omit');
  const both = [...(pick ?? [])].filter((name) => omit?.has(name));
  if (both.length > 0) throw invalid(`pick and omit both name ${both.join(', ')}`);
}

function setOf(names: readonly string[] | undefined, context: ResolvedContext): Set<string> | undefined {
  const wrong = names?.find((name) => /[{}[\]()"\s]/.test(name));
  if (wrong !== undefined) throw invalid(`${wrong} is no name of a member`);
  return names && new Set(names.map((name) => mapMember(name, (one) => context.expandName(one))));
}

/** Whether a list names more than the members that every entity has. */
function namesAttribute(names: ReadonlySet<string> | undefined): boolean {
  return [...(names ?? [])].some((name) => name.includes(':'));
}

function selectorTest(given: Json, context: ResolvedContext): EntityTest {
  const { id, idPattern, type } = given as Partial<Record<keyof EntitySelector, unknown>>;
  if (id !== undefined) check.uri(id, 'id');
  const pattern = idPattern === undefined ? undefined : compilePattern(check.pattern(idPattern, 'idPattern'));
  const ofType = parseTypes(check.text(type ?? '*', 'type'), context, 'strict').test;
  return (entity) => (id === undefined || entity.id === id) && (pattern?.test(entity.id) ?? true) && ofType(entity);
}

function valueTests(given: Json, context: ResolvedContext, expandValues: readonly string[] | undefined): EntityTest[] {
  const tests: EntityTest[] = [];
  if (given['q'] !== undefined) {
    tests.push(
      parseQ(
        check.text(given['q'], 'q'),
        context,
        expandValues ? { expandValues: new Set(expandValues.map((name) => context.expandName(name))) } : {},
      ),
    );
  }
  if (given['scopeQ'] !== undefined) tests.push(parseScopeQ(check.text(given['scopeQ'], 'scopeQ')));
  const geo = parseGeo(given, context);
  if (geo !== undefined) tests.push(geo);
  return tests;
}

/** 5.7.4.4: by id only. */
function orderOf(orderBy: string | undefined): { descending?: boolean } {
  if (orderBy === undefined) return {};
  const match = /^id(?:;(asc|desc))?$/.exec(orderBy);
  if (match === null) throw invalid(`orderBy: id is the only order here, not ${orderBy}`);
  return { descending: match[1] === 'desc' };
}

function invalid(detail: string): Problem {
  return new Problem('BadRequestData', 'Invalid temporal query', detail);
}
