/** What is above a caller's level can neither be read nor found out: each way of asking, over two brokers that differ in nothing else. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ask, bearer, createRig, roles, startIssuing, type Issuing, type Rig } from './rig.ts';

let issuing: Issuing;
beforeAll(async () => void (issuing = await startIssuing()));
afterAll(() => issuing.close());

const air = 'type=AirQualityObserved';
const trg = 'urn:ngsi-ld:AirQualityObserved:trg';
const window = 'timerel=after&timeAt=2026-05-01T08:30:00Z';

/** Refused whatever the data are: what is named is above the level. */
const refused: readonly (readonly [channel: string, path: string])[] = [
  ['q on a hidden attribute', `/entities?${air}&q=charge>3`],
  ['q on an undeclared attribute', `/entities?${air}&q=secret==5`],
  ['q that asks only whether it is there', `/entities?${air}&q=!charge`],
  ['q that hides it behind another condition', `/entities?${air}&q=(pm10>5|charge>3);pm10<100`],
  ['q on a hidden sub-attribute', `/entities?${air}&q=pm10.batch==1`],
  ['q on the times of an entity', `/entities?${air}&q=modifiedAt>2026-05-01T09:30:00Z`],
  ['q by an IRI', `/entities?${air}&q=https://smartdatamodels.org/dataModel.Environment/charge>3`],
  ['q on the owner', `/entities?${air}&q=owner=="Ana"`],
  [
    'geo on a hidden geoproperty',
    `/entities?${air}&georel=near;maxDistance==500&geometry=Point&coordinates=[14.02,46]&geoproperty=shelter`,
  ],
  ['attrs', `/entities?${air}&attrs=charge`],
  ['attrs beside a readable one', `/entities?${air}&attrs=pm10,secret`],
  ['pick', `/entities?${air}&pick=id,charge`],
  ['orderBy', `/entities?${air}&orderBy=charge;desc`],
  ['orderBy on the times of an entity', `/entities?${air}&orderBy=modifiedAt`],
  ['expandValues', `/entities?${air}&q=pm10>5&expandValues=charge`],
  ['scopeQ', `/entities?${air}&scopeQ=/Idrija`],
  ['a type', '/entities?type=WaterConsumptionObserved'],
  ['a type in a list', `/entities?type=AirQualityObserved,https://smartdatamodels.org/dataModel.Device/Device`],
  ['an unknown type', '/entities?type=Secret'],
  ['the history of a hidden attribute', `/temporal/entities?${air}&attrs=charge&${window}`],
  ['q in the history', `/temporal/entities?${air}&q=charge>3&${window}`],
  ['aggregates of a hidden attribute', `/temporal/entities?${air}&attrs=charge&aggrMethods=max&aggrPeriodDuration=P1D&${window}`],
  ['a geometry of its own', `/entities?${air}&geometryProperty=shelter`],
];

/** Answered, and the same whatever the hidden data are. */
const same: readonly (readonly [channel: string, path: string])[] = [
  ['all of a type', `/entities?${air}`],
  ['counts', `/entities?${air}&count=true&limit=0`],
  ['pages', `/entities?${air}&limit=2&offset=2&count=true`],
  ['options=sysAttrs', `/entities?${air}&options=sysAttrs`],
  ['sysAttrs in simplified form', `/entities?${air}&options=keyValues,sysAttrs`],
  ['sysAttrs picked', `/entities?${air}&options=sysAttrs&pick=id,modifiedAt,createdAt`],
  ['omit of a hidden attribute', `/entities?${air}&omit=charge,secret`],
  ['an idPattern for a hidden entity', `/entities?${air}&idPattern=skrit$&count=true`],
  ['the id of a hidden entity', `/entities?${air}&id=urn:ngsi-ld:AirQualityObserved:skrit&count=true`],
  ['near a hidden entity', `/entities?${air}&georel=near;maxDistance==100&geometry=Point&coordinates=[14.03,46]&count=true`],
  ['its value', `/entities?${air}&q=pm10==999&count=true`],
  ['order among it', `/entities?${air}&orderBy=pm10;desc&limit=1`],
  ['without a type', '/entities?local=true&count=true'],
  ['ids of types that are hidden', '/entities?id=urn:ngsi-ld:Device:trg,urn:ngsi-ld:WaterConsumptionObserved:drugi&count=true'],
  ['types', '/types'],
  ['types with details', '/types?details=true'],
  ['a type with its counts', '/types/AirQualityObserved'],
  ['attributes', '/attributes'],
  ['attributes with details', '/attributes?details=true'],
  ['an attribute with its counts', '/attributes/https%3A%2F%2Fsmartdatamodels.org%2FdataModel.Environment%2Fpm10'],
  ['the history of a time in which only hidden attributes changed', `/temporal/entities?${air}&${window}&count=true`],
  ['the whole history', `/temporal/entities?${air}&count=true`],
  ['its pairs', `/temporal/entities?${air}&options=temporalValues`],
  ['by the time of change', `/temporal/entities?${air}&timerel=after&timeAt=2026-05-01T08:30:00Z&timeproperty=modifiedAt&count=true`],
  ['one entity', `/entities/${trg}?options=sysAttrs`],
  ['the history of one entity', `/temporal/entities/${trg}`],
  ['aggregates of one entity', `/temporal/entities/${trg}?attrs=pm10&aggrMethods=max,totalCount`],
];

/** What is not taken at all, so that nothing of it reaches the broker. */
const notTaken: readonly (readonly [channel: string, path: string])[] = [
  ['a linked entity in q', `/entities?${air}&q=refDevice{Device}.batteryLevel>0.5`],
  ['a linked entity in q by dots', `/entities?${air}&q=refDevice.batteryLevel>0.5`],
  ['a projection inside', `/entities?${air}&pick=id,pm10{batch}`],
  ['a projection over a link', `/entities?${air}&pick=id,refDevice{batteryLevel}&join=inline`],
  ['join', `/entities?${air}&join=inline&joinLevel=2`],
  ['containedBy', `/entities?${air}&containedBy=urn:ngsi-ld:Device:trg`],
  ['q twice', `/entities?${air}&q=pm10>5&q=charge>3`],
  ['attrs twice', `/entities?${air}&attrs=pm10&attrs=charge`],
  ['csf', `/entities?${air}&csf=charge>3`],
  ['jsonKeys', `/entities?${air}&q=pm10>5&jsonKeys=charge`],
  ['a compact IRI', `/entities?${air}&q=ngsi-ld:owner=="Eva"`],
  ['a name that is encoded twice', `/entities?${air}&q=%2563harge>3`],
  ['a name in other letters', `/entities?${air}&q=CHARGE>3`],
  ['orderBy on a hidden sub-attribute', `/entities?${air}&orderBy=pm10.batch`],
  ['the distance to a hidden place', `/entities?${air}&orderBy=shelter;dist-asc&orderFrom=[14,46]&orderFromGeometry=Point`],
  ['geo on a hidden sub-attribute', `/entities?${air}&georel=within&geometry=Point&coordinates=[14,46]&geoproperty=pm10.batch`],
  ['history ordered by a hidden attribute', `/temporal/entities?${air}&orderBy=charge`],
  ['the time of history of a hidden sub-attribute', `/temporal/entities?${air}&${window}&timeproperty=batch`],
  ['subscriptions', '/subscriptions'],
  ['registrations', '/csourceRegistrations'],
  ['contexts', '/jsonldContexts'],
  ['maps of entities', '/entityMaps/urn:x:1'],
  ['a path of its own', `/entities/${trg}/attrs/charge`],
  ['a way around', `/entities/..%2Fsubscriptions`],
];

/** Any other way of looking: whatever is answered depends on nothing that is hidden. */
const asked: readonly string[] = [
  ...['lang=sl', 'options=concise', 'format=simplified', 'datasetId=@none', 'datasetId=urn:x:none', 'local=true'],
  ...['q=pm10.observedAt>2026-05-01T00:00:00Z', 'q=pm10.unitCode=="GQ"', 'q=pm10.datasetId=="urn:x"', 'q=!pm10.unitCode'],
  ...['q=pm10.modifiedAt>2026-01-01T00:00:00Z', 'q=!pm10.modifiedAt', 'q=pm10.createdAt<2100-01-01T00:00:00Z', 'q=pm10[value]>1'],
  ...['attrs=pm10&options=sysAttrs', 'pick=pm10&omit=pm10', 'attrs=pm10&pick=id', 'attrs=pm10&omit=charge', 'pick=id,type&count=true'],
  ...['limit=1&offset=2', 'limit=1&offset=3&count=true', 'limit=3', 'offset=100&count=true', 'limit=0&count=true&q=pm10>5'],
  ...['orderBy=pm10', 'orderBy=id;desc&limit=1', 'orderBy=pm10;desc&limit=1&options=keyValues'],
].map((query) => `/entities?${air}&${query}`);
const askedOfHistory = [
  'lastN=1',
  'lastN=1&count=true',
  'limit=1&offset=2',
  'aggrMethods=totalCount,max&aggrPeriodDuration=P1D&attrs=pm10',
  'pick=pm10',
].map((query) => `/temporal/entities?${air}&timerel=before&timeAt=2100-01-01T00:00:00Z&${query}`);
const geojson = ['', '&pick=pm10', '&geometryProperty=location', '&options=keyValues,sysAttrs', '&count=true&limit=2'];

/** As if it were not there. */
const missing: readonly (readonly [channel: string, path: string])[] = [
  ['an entity of a hidden type', '/entities/urn:ngsi-ld:Device:trg'],
  ['an entity of a hidden device', '/entities/urn:ngsi-ld:AirQualityObserved:skrit'],
  ['its history', '/temporal/entities/urn:ngsi-ld:AirQualityObserved:skrit'],
  ['a hidden attribute of an entity', `/entities/${trg}?attrs=charge`],
  ['the history of a hidden attribute of an entity', `/temporal/entities/${trg}?attrs=charge`],
  ['the history of an entity in a time of hidden changes', `/temporal/entities/${trg}?${window}`],
  ['a hidden type', '/types/https%3A%2F%2Fsmartdatamodels.org%2FdataModel.Device%2FDevice'],
  ['a hidden attribute', '/attributes/https%3A%2F%2Fsmartdatamodels.org%2FdataModel.Environment%2Fcharge'],
];

describe.each(['strict', 'orion'] as const)('%s', (profile) => {
  let a: Rig;
  let b: Rig;
  beforeAll(async () => {
    a = await createRig({ issuing, profile, hidden: 'a' });
    b = await createRig({ issuing, profile, hidden: 'b' });
  });
  afterAll(async () => {
    await a.close();
    await b.close();
  });

  it.each(refused)('refuses %s', async (_channel, path) => {
    const geo = path.includes('geometryProperty') ? { headers: { accept: 'application/geo+json' } } : {};
    const [one, other] = [await ask(a.url + path, geo), await ask(b.url + path, geo)];
    expect(one).toMatchObject({ status: 403, body: { title: 'Not at this level' } });
    expect(other.text).toBe(one.text);
  });

  it.each(same)('does not tell by %s', async (_channel, path) => {
    const [one, other] = [await ask(a.url + path), await ask(b.url + path)];
    expect(one.status).toBe(200);
    expect(other.body).toEqual(one.body);
    expect(other.headers.get('NGSILD-Results-Count')).toBe(one.headers.get('NGSILD-Results-Count'));
    expect(other.headers.get('Link')).toBe(one.headers.get('Link'));
    expect(one.text).not.toMatch(/skrit|charge|secret|batch|shelter|owner|ipAddress|vodomer|drugi|Device\/Device/);
  });

  it.each(notTaken)('takes no question by %s', async (_channel, path) => {
    const [one, other] = [await ask(a.url + path), await ask(b.url + path)];
    expect([400, 403, 404, 405]).toContain(one.status);
    expect([other.status, other.text]).toEqual([one.status, one.text]);
    expect(one.text).not.toMatch(/skrit|0\.9|Ana|ipAddress/);
  });

  it.each([
    ...[...asked, ...askedOfHistory].map((path) => [path, 'application/json'] as const),
    ...geojson.map((query) => [`/entities?${air}${query}`, 'application/geo+json'] as const),
    ...['', '?options=sysAttrs'].map((query) => [`/entities/${trg}${query}`, 'application/geo+json'] as const),
  ])('answers %s as %s the same whatever is hidden', async (path, accept) => {
    const [one, other] = [await ask(a.url + path, { headers: { accept } }), await ask(b.url + path, { headers: { accept } })];
    expect([other.status, other.text]).toEqual([one.status, one.text]);
    for (const name of ['NGSILD-Results-Count', 'Link', 'ETag', 'Last-Modified', 'Content-Range'])
      expect([name, other.headers.get(name)]).toEqual([name, one.headers.get(name)]);
    expect(one.text).not.toMatch(/skrit|charge|secret|batch|shelter|owner|ipAddress|vodomer|drugi|Device\/Device/);
  });

  it('takes no @context of the caller, which could call what is hidden by another name', async () => {
    const alias = { pm10: 'https://smartdatamodels.org/dataModel.Environment/charge' };
    for (const context of [alias, [alias], ['https://example.org/alias.jsonld'], 'https://example.org/contexts/environment.jsonld?x=1']) {
      const body = JSON.stringify({ '@context': context, type: 'Query', entities: [{ type: 'AirQualityObserved' }], q: 'pm10>3' });
      const answer = await ask(`${a.url}/entityOperations/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/ld+json' },
        body,
      });
      expect(answer.status).toBe(400);
    }
    const link = '<https://example.org/alias.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"';
    expect((await ask(`${a.url}/entities?${air}&q=pm10>3`, { headers: { link } })).status).toBe(400);
  });

  it.each(missing)('%s looks like one that is not there', async (_channel, path) => {
    const absent = await ask(`${a.url}${path.replace(/(trg|skrit)/, 'nikjer').replace(/Device%2FDevice|charge$/, 'Nothing')}`);
    for (const rig of [a, b]) {
      const { status, text } = await ask(rig.url + path);
      expect([status, text]).toEqual([404, absent.text]);
    }
  });

  it('asks the same by POST', async () => {
    const post = (rig: Rig, body: object, path = '/entityOperations/query') =>
      ask(rig.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'Query', ...body }),
      });
    const entities = [{ type: 'AirQualityObserved' }];
    for (const body of [
      { q: 'charge>3' },
      { attrs: ['charge'] },
      { pick: ['secret'] },
      { ordering: { orderBy: ['charge'] } },
      { scopeQ: '/#' },
    ]) {
      expect(await post(a, { entities, ...body })).toMatchObject({ status: 403 });
    }
    const geoQ = { georel: 'near;maxDistance==500', geometry: 'Point', coordinates: [14.02, 46], geoproperty: 'shelter' };
    expect(await post(a, { entities, geoQ })).toMatchObject({ status: 403 });
    expect(await post(a, { entities: [{ type: 'AirQualityObserved' }, { type: 'Device' }] })).toMatchObject({ status: 403 });
    expect(await post(a, { entities, q: 'charge>3' }, '/temporal/entityOperations/query')).toMatchObject({ status: 403 });
    const [one, other] = [await post(a, { entities, q: 'pm10>5' }), await post(b, { entities, q: 'pm10>5' })];
    expect(one).toMatchObject({ status: 200, body: [{ id: trg }, {}, {}] });
    expect(other.body).toEqual(one.body);
  });

  it('opens level by level', async () => {
    const partner = bearer(await issuing.token(roles('klavze-partner')));
    const internal = bearer(await issuing.token(roles('klavze-internal', 'klavze-partner')));
    const charge = `/entities?${air}&q=charge>3&options=keyValues`;
    expect(await ask(a.url + charge, partner)).toMatchObject({ status: 200, body: [{ id: trg, charge: 3.6 }] });
    expect((await ask(a.url + charge, partner)).text).not.toMatch(/secret|owner|skrit/);
    expect(await ask(`${a.url}/entities?${air}&q=secret==5`, partner)).toMatchObject({ status: 403 });
    expect(await ask(`${a.url}/entities?${air}&count=true`, partner).then(({ headers }) => headers.get('NGSILD-Results-Count'))).toBe('3');
    // The meter's Device tells of a household: no partner sees it.
    expect(await ask(`${a.url}/entities?type=Device&options=keyValues`, partner)).toMatchObject({
      status: 200,
      body: [{ id: 'urn:ngsi-ld:Device:trg', type: 'Device', batteryLevel: 0.9 }],
    });
    const all = await ask(`${a.url}/entities?${air}&options=keyValues&count=true`, internal);
    expect(all.headers.get('NGSILD-Results-Count')).toBe('4');
    expect(all.body).toContainEqual(expect.objectContaining({ id: 'urn:ngsi-ld:AirQualityObserved:skrit', pm10: 999 }));
    expect(await ask(`${a.url}/entities?type=WaterConsumptionObserved&q=modifiedAt>2026-01-01T00:00:00Z`, internal)).toMatchObject({
      status: 200,
    });
    expect(all.headers.get('Cache-Control')).toBe('no-store');
  });
});
