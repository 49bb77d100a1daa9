import { describe, expect, it } from '@jest/globals';
import { LD, sensor, useBroker } from './broker.ts';

describe('representations', () => {
  const { call } = useBroker();
  const entity = sensor({
    scope: '/Idrija/Center',
    n: { type: 'Property', value: 1 },
    unit: { type: 'Property', value: 1, unitCode: 'MTR' },
    r: { type: 'Relationship', object: 'urn:ngsi-ld:X:1', objectType: 'X' },
    l: { type: 'LanguageProperty', languageMap: { en: 'red', sl: 'rdeč' } },
    v: { type: 'VocabProperty', vocab: 'commercial' },
    j: { type: 'JsonProperty', json: { type: 'raw', n: [1] } },
    list: { type: 'ListProperty', valueList: [1, [2]] },
    refs: { type: 'ListRelationship', objectList: ['urn:ngsi-ld:X:1', { object: 'urn:ngsi-ld:X:2' }] },
    location: { type: 'GeoProperty', value: '{"type":"Point","coordinates":[14,46]}' },
    many: [{ value: 55 }, { value: 11, datasetId: 'urn:ngsi-ld:Dataset:gps' }],
  });

  it('normalized, concise and simplified show every kind of attribute', async () => {
    expect((await call('POST', '/entities', entity)).status).toBe(201);
    const normalized = (await call('GET', `/entities/${entity.id}`)).json;
    expect(normalized).toEqual({
      id: entity.id,
      type: 'Sensor',
      scope: '/Idrija/Center',
      n: { type: 'Property', value: 1 },
      unit: { type: 'Property', value: 1, unitCode: 'MTR' },
      r: { type: 'Relationship', object: 'urn:ngsi-ld:X:1', objectType: 'X' },
      l: { type: 'LanguageProperty', languageMap: { en: 'red', sl: 'rdeč' } },
      v: { type: 'VocabProperty', vocab: 'commercial' },
      j: { type: 'JsonProperty', json: { type: 'raw', n: [1] } },
      list: { type: 'ListProperty', valueList: [1, [2]] },
      refs: { type: 'ListRelationship', objectList: [{ object: 'urn:ngsi-ld:X:1' }, { object: 'urn:ngsi-ld:X:2' }] },
      location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] } },
      many: [
        { type: 'Property', value: 55 },
        { type: 'Property', value: 11, datasetId: 'urn:ngsi-ld:Dataset:gps' },
      ],
    });
    const concise = (await call('GET', `/entities/${entity.id}?format=concise`)).json;
    expect(concise).toMatchObject({
      n: 1,
      unit: { value: 1, unitCode: 'MTR' },
      l: { languageMap: { en: 'red', sl: 'rdeč' } },
      j: { json: { type: 'raw', n: [1] } },
      location: { type: 'Point', coordinates: [14, 46] },
    });
    const simplified = (await call('GET', `/entities/${entity.id}?options=keyValues`)).json;
    expect(simplified).toMatchObject({
      n: 1,
      r: 'urn:ngsi-ld:X:1',
      l: { languageMap: { en: 'red', sl: 'rdeč' } },
      v: { vocab: 'commercial' },
      j: { json: { type: 'raw', n: [1] } },
      list: [1, [2]],
      refs: ['urn:ngsi-ld:X:1', 'urn:ngsi-ld:X:2'],
      many: { dataset: { '@none': 55, 'urn:ngsi-ld:Dataset:gps': 11 } },
    });
  });

  it('what one representation gives, the broker takes again', async () => {
    for (const format of ['normalized', 'concise', 'simplified']) {
      const shown = (await call('GET', `/entities/${entity.id}?format=${format}`)).json as object;
      const copy = { ...shown, id: `urn:ngsi-ld:Sensor:copy-${format}` };
      expect((await call('POST', `/entities?options=${format}`, copy)).status).toBe(201);
      expect((await call('GET', `/entities/${copy.id}?format=${format}`)).json).toEqual(copy);
    }
  });

  it.each([
    ['sl', 'rdeč', 'sl'],
    ['EN-us', 'red', 'en'],
    ['fr;q=1,sl;q=0.2,en;q=0.9', 'red', 'en'],
    ['de', 'red', 'en'],
  ])('lang=%s gives one text and its tag', async (lang, value, tag) => {
    const { json } = await call('GET', `/entities/${entity.id}?lang=${encodeURIComponent(lang)}`);
    expect(json).toMatchObject({ l: { type: 'Property', value, lang: tag } });
  });

  it('attrs, pick, omit and datasetId choose members', async () => {
    const get = async (query: string): Promise<unknown> => (await call('GET', `/entities/${entity.id}?options=keyValues&${query}`)).json;
    expect(await get('attrs=n')).toEqual({ id: entity.id, type: 'Sensor', scope: '/Idrija/Center', n: 1 });
    expect(await get('pick=id,n')).toEqual({ id: entity.id, n: 1 });
    expect(await get('pick=id|n')).toEqual({ id: entity.id, n: 1 });
    expect(Object.keys((await get('omit=n,id')) as object)).not.toContain('id');
    expect(await get('attrs=many&datasetId=urn:ngsi-ld:Dataset:gps')).toMatchObject({
      many: { dataset: { 'urn:ngsi-ld:Dataset:gps': 11 } },
    });
    for (const query of [
      'pick=n&omit=n',
      'pick=n&attrs=n',
      'omit=n&attrs=n',
      'pick=n,,r',
      'pick={n',
      'pick=r{n}',
      'geometryProperty=location',
    ]) {
      expect([query, (await call('GET', `/entities/${entity.id}?${query}`)).status]).toEqual([query, 400]);
    }
    for (const query of ['pick=none', 'attrs=none']) expect((await call('GET', `/entities/${entity.id}?${query}`)).status).toBe(404);
  });

  it('GeoJSON has the geometry, with the context in the body or in the Link header', async () => {
    const accept = 'application/geo+json';
    const feature = await call('GET', `/entities/${entity.id}?options=keyValues&pick=id,type,n,location`, undefined, { accept });
    expect(feature.headers.get('content-type')).toMatch(accept);
    expect(feature.json).toMatchObject({
      id: entity.id,
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [14, 46] },
      properties: { type: 'Sensor', n: 1 },
      '@context': expect.anything(),
    });
    const bare = await call('GET', `/entities/${entity.id}?geometryProperty=n`, undefined, { accept, prefer: 'body=json' });
    expect(bare.json).toMatchObject({ geometry: null });
    expect(bare.json).not.toHaveProperty('@context');
    expect(bare.headers.get('link')).toContain('json-ld#context');
    const all = await call('GET', '/entities?type=Sensor&limit=1', undefined, { accept });
    expect(all.json).toMatchObject({ type: 'FeatureCollection', features: [{ type: 'Feature', id: entity.id }] });
  });

  it('a simplified merge keeps the kind that an attribute has', async () => {
    const thing = sensor({
      owner: { object: 'urn:ngsi-ld:P:1' },
      street: { type: 'LanguageProperty', languageMap: { en: 'Square', sl: 'Trg' } },
      level: { value: 1, observedAt: '2026-01-01T00:00:00Z' },
      fixed: 1,
    });
    await call('POST', '/entities', thing);
    const patch = { owner: 'urn:ngsi-ld:P:2', street: 'Mestni trg', level: 2, fixed: 3 };
    expect((await call('PATCH', `/entities/${thing.id}?options=keyValues&lang=sl&observedAt=2026-02-01T00:00:00Z`, patch)).status).toBe(
      204,
    );
    expect((await call('GET', `/entities/${thing.id}`)).json).toEqual({
      id: thing.id,
      type: 'Sensor',
      owner: { type: 'Relationship', object: 'urn:ngsi-ld:P:2' },
      street: { type: 'LanguageProperty', languageMap: { en: 'Square', sl: 'Mestni trg' } },
      level: { type: 'Property', value: 2, observedAt: '2026-02-01T00:00:00Z' },
      fixed: { type: 'Property', value: 3 },
    });
  });

  it('linked entities come inline or flat', async () => {
    const target = sensor({ name: 'target' });
    const source = sensor({ to: { object: target.id } });
    for (const one of [target, source]) await call('POST', '/entities', one);
    expect((await call('GET', `/entities/${source.id}?join=inline`)).json).toMatchObject({
      to: { entity: { id: target.id, name: { value: 'target' } } },
    });
    expect((await call('GET', `/entities/${source.id}?join=inline&options=keyValues`)).json).toMatchObject({
      to: { id: target.id, name: 'target' },
    });
    expect((await call('GET', `/entities/${source.id}?join=flat&options=keyValues`)).json).toMatchObject([
      { to: target.id },
      { id: target.id },
    ]);
    expect((await call('GET', `/entities?type=Sensor&q=to{name}=="target"&join=inline&options=keyValues`)).json).toMatchObject([
      { id: source.id },
    ]);
    expect((await call('GET', `/entities?type=Sensor&q=to{name}=="target"`)).status).toBe(400);
  });

  it('what is omitted of an entity is not omitted of the linked ones', async () => {
    const target = sensor({ name: 'target', note: 'n' });
    const source = sensor({ name: 'source', to: { object: target.id } });
    for (const one of [target, source]) await call('POST', '/entities', one);
    const shown = async (query: string): Promise<unknown> => (await call('GET', `/entities/${source.id}?options=keyValues&${query}`)).json;
    const whole = { id: target.id, type: 'Sensor', name: 'target', note: 'n' };
    expect(await shown('join=inline&omit=name')).toEqual({ id: source.id, type: 'Sensor', to: whole });
    expect(await shown('join=flat&omit=name')).toEqual([{ id: source.id, type: 'Sensor', to: target.id }, whole]);
    expect(await shown('join=inline&omit=type,to{name}')).toEqual({
      id: source.id,
      name: 'source',
      to: { id: target.id, type: 'Sensor', note: 'n' },
    });
  });

  it('expired entities and attributes are gone', async () => {
    const gone = sensor({ expiresAt: '2020-01-01T00:00:00Z' });
    const partly = sensor({ a: { value: 1, expiresAt: '2020-01-01T00:00:00Z' }, b: { value: 2, expiresAt: '2999-01-01T00:00:00Z' } });
    for (const one of [gone, partly]) expect((await call('POST', '/entities', one)).status).toBe(201);
    expect((await call('GET', `/entities/${gone.id}`)).status).toBe(404);
    expect((await call('GET', `/entities/${partly.id}`)).json).toEqual({
      id: partly.id,
      type: 'Sensor',
      b: { type: 'Property', value: 2 },
    });
    expect((await call('GET', `/entities/${partly.id}?options=sysAttrs`)).json).toMatchObject({ b: { expiresAt: '2999-01-01T00:00:00Z' } });
  });

  it('takes @id and @type for id and type', async () => {
    const id = 'urn:ngsi-ld:Sensor:keywords';
    expect((await call('POST', '/entities', { '@id': id, '@type': 'Sensor', '@context': [] }, LD)).status).toBe(201);
    expect((await call('GET', `/entities/${id}`)).json).toEqual({ id, type: 'Sensor' });
  });
});
