/** Questions a stranger might put to the gateway, from a seed. */

export type Random = (below: number) => number;

/** A small generator (mulberry32), so that a failure comes again with its seed. */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly level: 'open' | 'partner' | 'internal';
}

const names =
  'pm10 location name refDevice address pm10 dateObserved pm10 charge secret shelter temperature owner batteryLevel modifiedAt createdAt id type scope observedAt N-TOT __proto__ constructor toString č https://smartdatamodels.org/dataModel.Environment/pm10 https://smartdatamodels.org/dataModel.Environment/charge a.b a[b'.split(
    ' ',
  );
const types =
  'AirQualityObserved AirQualityObserved AirQualityObserved WeatherObserved Device WaterConsumptionObserved Secret * A;B (A|B) https://smartdatamodels.org/dataModel.Environment/AirQualityObserved hasOwnProperty'.split(
    ' ',
  );
const ids =
  'urn:ngsi-ld:AirQualityObserved:trg urn:ngsi-ld:AirQualityObserved:skrit urn:ngsi-ld:Device:trg urn:ngsi-ld:WaterConsumptionObserved:drugi x %00 urn:x:y@z ../types'.split(
    ' ',
  );
const operands = [
  '5',
  '-1',
  '1e400',
  '"x"',
  '"a\\"b"',
  '2026-05-01T08:00:00Z',
  '2026-05-01T08:00:00+02:00',
  '1..50',
  '1,2',
  'true',
  '"(a+)+$"',
  '.*',
  '[',
  '',
  'null',
  '9'.repeat(400),
  'urn:x:1',
  '\u202e',
  '"\u0000"',
];
const operators = ['==', '!=', '>', '>=', '<', '<=', '~=', '!~=', '=', '===', '!'];
const coordinates = [
  '[14.02,46]',
  '[14.02,46,1]',
  '[[14,46],[14.1,46]]',
  '[[[14,45.9],[14.2,45.9],[14.2,46.1],[14,45.9]]]',
  '[[[14,46],[14,46],[14,46],[14,46]]]',
  '[[[[14,46],[14.1,46],[14,46.1],[14,46]]]]',
  '[]',
  '[1e999,0]',
  '"x"',
  '[400,100]',
  '[[14,46],[14,46]]',
];
const garbage = [
  '',
  '%',
  '%zz',
  '\u0000',
  '💧',
  ';',
  '|',
  '((((((((((',
  ')',
  '"',
  '\\',
  '${x}',
  '<script>',
  '../..',
  'NaN',
  '-0',
  '1'.repeat(300),
  'urn:ngsi-ld:null',
  'č'.repeat(50),
];
const links = [
  'https://x.example/contexts/environment.jsonld',
  'https://x.example/contexts/weather.jsonld',
  'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld',
  'http://127.0.0.1:1/evil.jsonld',
  'nonsense',
];

/** A question to the gateway; half of them make sense as a whole, the others have odd paths, parameters, headers and bodies. */
export function makeQuestion(random: Random): Asked {
  // Half of them make sense as a whole.
  const sane = random(2) === 0;
  const one = <T>(list: readonly T[]): T => list[random(sane ? Math.max(1, Math.ceil(list.length / 3)) : list.length)] as T;
  const maybe = (percent: number): boolean => random(100) < percent;
  const odd = (percent: number): boolean => !sane && maybe(percent);
  const many = (list: readonly string[], sign: string): string => Array.from({ length: 1 + random(3) }, () => one(list)).join(sign);
  const path = (): string =>
    `${one(names)}${maybe(20) ? `.${one(['observedAt', 'status', 'batch', 'unitCode', 'x'])}` : ''}${maybe(10) ? '[addressLocality]' : ''}`;
  const term = (): string => `${maybe(15) ? '!' : ''}${path()}${maybe(80) ? one(operators) + one(operands) : ''}`;
  const q = (): string => {
    const terms = Array.from({ length: 1 + random(4) }, term);
    const joined = terms.reduce((left, right) => `${left}${one([';', '|'])}${right}`);
    return maybe(20) ? `(${joined})` : joined;
  };
  const georel = (): string =>
    one([
      'near;maxDistance==500',
      'near;minDistance==1',
      'within',
      'contains',
      'intersects',
      'equals',
      'disjoint',
      'overlaps',
      'near',
      'near;maxDistance==0',
      'far',
    ]);
  const geometry = (): string => one(['Point', 'MultiPoint', 'LineString', 'MultiLineString', 'Polygon', 'MultiPolygon', 'Circle']);
  const values: Readonly<Record<string, () => string>> = {
    type: () => many(types, one([',', '|'])),
    id: () => many(ids, ','),
    idPattern: () => one(['.*', 'trg$', '^urn', '(a+)+$', 'skrit|trg', '[a-z]+', '*', '\\d', ')(?=x']),
    attrs: () => many(names, ','),
    pick: () => many(names, one([',', '|'])),
    omit: () => many(names, ','),
    q,
    scopeQ: () => one(['/a', '/#', '/a/+;/b', '/a,(/b)', 'a']),
    orderBy: () => many(names, ',') + one(['', ';asc', ';desc', ';dist-asc', ';x']),
    orderFrom: () => one(coordinates),
    options: () => many(['keyValues', 'sysAttrs', 'concise', 'normalized', 'temporalValues', 'aggregatedValues', 'x'], ','),
    format: () => one(['simplified', 'temporalValues', 'x']),
    limit: () => one(['1', '2', '3', '0', '500', '501', '-1', 'x', '1e3']),
    offset: () => one(['0', '1', '99999', '-1', '999999999']),
    count: () => one(['true', 'false', 'x']),
    lang: () => one(['sl', 'sl,en;q=0.5', '*', 'x'.repeat(300)]),
    datasetId: () => one(['@none', 'urn:x:1', 'x']),
    geometryProperty: () => one(names),
    expandValues: () => one(names),
    timerel: () => one(['after', 'before', 'between', 'x']),
    timeAt: () => one(['2026-05-01T08:00:00Z', '2026-05-01', 'x']),
    endTimeAt: () => one(['2026-05-02T08:00:00Z', '2020-01-01T00:00:00Z']),
    timeproperty: () => one(['observedAt', 'modifiedAt', 'createdAt', 'x']),
    lastN: () => one(['1', '5', '0', 'x']),
    aggrMethods: () => many(['max', 'avg', 'totalCount', 'stddev', 'x'], ','),
    aggrPeriodDuration: () => one(['PT1H', 'P1D', 'PT0S', 'P1000Y', 'x']),
    details: () => one(['true', 'x']),
    join: () => one(['inline', 'flat']),
    local: () => one(['true', 'x']),
    access_token: () => 'x',
  };
  const base = odd(8) ? one(['/ngsi-ld/ex/v1', '/', '/ngsi-ld/v1/']) : maybe(30) ? '/ngsi-ld/v1/temporal' : '/ngsi-ld/v1';
  const door = one([
    '/entities',
    '/entities',
    '/entities',
    '/entities',
    `/entities/${one(ids)}`,
    `/entities/${one(ids)}`,
    '/entityOperations/query',
    '/entityOperations/query',
    '/entityOperations/upsert',
    '/types',
    `/types/${one(types)}`,
    '/attributes',
    `/attributes/${one(names)}`,
    '/subscriptions',
    `/entities/${one(ids)}/attrs/${one(names)}`,
    '/jsonldContexts',
    '//',
    `/${one(garbage)}`,
  ]);
  const isTemporal = base.endsWith('temporal');
  const wished = Object.keys(values).filter((name) => isTemporal || !/^(?:time|endTime|lastN|aggr)/.test(name) || random(10) === 0);
  const isQuery = door.includes('entityOperations');
  const params: [string, string][] = sane && isQuery ? [] : maybe(70) ? [['type', maybe(70) ? 'AirQualityObserved' : one(types)]] : [];
  if (maybe(15) && !isQuery)
    params.push(['georel', georel()], ['geometry', sane ? 'Point' : geometry()], ['coordinates', sane ? '[14.02,46]' : one(coordinates)]);
  if (isTemporal && maybe(60) && !(sane && isQuery)) params.push(['timerel', 'after'], ['timeAt', '2026-05-01T08:30:00Z']);
  for (let left = random(sane ? 3 : 4); left > 0; left -= 1) {
    const name = sane && isQuery ? one(['limit', 'count', 'offset']) : one(wished);
    params.push([name, odd(10) ? one(garbage) : (values[name] as () => string)()]);
  }
  const query = maybe(3)
    ? one(garbage)
    : new URLSearchParams(
        odd(6) ? params : params.filter(([name], index) => params.findIndex(([first]) => first === name) === index),
      ).toString();
  const isPost = isQuery ? !odd(10) : odd(6);
  const json = (): unknown => ({
    type: !odd(10) ? 'Query' : one(garbage),
    ...(maybe(80) && {
      entities: Array.from({ length: 1 + random(2) }, () => ({
        type: one(types),
        ...(maybe(30) && { id: one(ids) }),
        ...(maybe(20) && { idPattern: one(['.*', 'trg', '(']) }),
      })),
    }),
    ...(maybe(50) && { q: q() }),
    ...(maybe(20) && { attrs: [one(names), one(names)] }),
    ...(maybe(20) && { pick: [one(names)] }),
    ...(maybe(20) && {
      geoQ: {
        georel: georel(),
        geometry: sane ? 'Point' : geometry(),
        coordinates: sane ? [14, 46] : (JSON.parse(one(coordinates).replace('1e999', '1')) as unknown),
        ...(maybe(30) && { geoproperty: one(names) }),
      },
    }),
    ...(maybe(10) && { ordering: { orderBy: [one(names)], ...(maybe(30) && { coordinates: [14, 46] }) } }),
    ...(isTemporal &&
      maybe(60) && { temporalQ: { timerel: 'after', timeAt: '2026-05-01T08:30:00Z', ...(maybe(20) && { lastN: random(3) }) } }),
    ...(odd(10) && { [one(names)]: one<unknown>([null, [], {}, 5, 'x']) }),
  });
  const body = isPost
    ? odd(10)
      ? one([...garbage, '['.repeat(3_000), '{"type":"Query","type":5}', '[]', 'null', 'x'.repeat(70_000)])
      : JSON.stringify(json())
    : undefined;
  return {
    method: isPost ? 'POST' : odd(10) ? one(['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) : 'GET',
    // What a client cannot put on the wire is encoded.
    path: `${base}${door}${query === '' ? '' : `?${query}`}`.replace(/[^\x21-\x7e]/gu, (sign) => encodeURIComponent(sign)),
    headers: {
      ...(isPost && { 'content-type': !odd(20) ? 'application/json' : one(['application/ld+json', 'text/plain', 'x']) }),
      ...(maybe(15) && {
        accept: one(['application/ld+json', 'application/geo+json', '*/*;q=0.1', 'text/html', 'application/json;q=0', ';;,']),
      }),
      ...(odd(30) && { link: `<${one(links)}>; rel="http://www.w3.org/ns/json-ld#context"` }),
      ...(odd(6) && { 'ngsild-tenant': one(['', 'x']) }),
      ...(odd(6) && { 'x-auth-token': 'abc' }),
    },
    body,
    level: one(['open', 'open', 'open', 'open', 'open', 'partner', 'internal'] as const),
  };
}
