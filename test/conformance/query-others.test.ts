import { beforeAll, describe, expect, it } from '@jest/globals';
import { sensor, useBroker } from './broker.ts';
import { rooms } from './rooms.ts';

const { call } = useBroker();
const [first, second, third] = rooms.map(({ id }) => id) as [string, string, string];

beforeAll(async () => {
  await call('POST', '/entityOperations/create', rooms);
});

describe('POST entityOperations/query', () => {
  const post = async (query: Record<string, unknown>, url = ''): Promise<string[] | number> => {
    const { status, json } = await call('POST', `/entityOperations/query${url}`, { type: 'Query', ...query });
    return status === 200 ? (json as { id: string }[]).map(({ id }) => id) : status;
  };

  it('takes what GET takes', async () => {
    expect(await post({ entities: [{ type: 'Room' }], q: 'level>4' })).toEqual([second]);
    expect(await post({ entities: [{ type: 'Room', id: [first, second], idPattern: 'nothing' }] })).toEqual([first, second]);
    expect(await post({ entities: [{ type: 'Hall' }, { type: 'Room', id: first }] })).toEqual([first, second]);
    expect(await post({ attrs: ['tags'] })).toEqual([first]);
    expect(
      await post({ entities: [{ type: 'Room' }], geoQ: { georel: 'near;maxDistance==2000', geometry: 'Point', coordinates: [14.03, 46] } }),
    ).toEqual([first]);
    expect(await post({ entities: [{ type: 'Room' }], scopeQ: '/Idrija' })).toEqual([second]);
    expect(await post({ entities: [{ type: 'Room' }], ordering: { orderBy: ['level;desc'] } }, '?limit=1')).toEqual([third]);
    const picked = await call('POST', '/entityOperations/query?options=keyValues&count=true', {
      type: 'Query',
      entities: [{ type: 'Hall' }],
      pick: ['level'],
    });
    expect(picked).toMatchObject({ status: 200, json: [{ level: 6 }] });
    expect(picked.headers.get('ngsild-results-count')).toBe('1');
  });

  it.each([
    [{ type: 'Other', entities: [{ type: 'Room' }] }],
    [{}],
    [{ entities: [] }],
    [{ entities: [{ id: 'urn:a:b' }] }],
    [{ entities: [{ type: 'Room', id: 'x' }] }],
    [{ entities: [{ type: 'Room' }], attrs: [] }],
    [{ entities: [{ type: 'Room' }], q: 42 }],
    [{ entities: [{ type: 'Room' }], joinLevel: 0 }],
    [{ entities: [{ type: 'Room' }], temporalQ: {} }],
    [{ entities: [{ type: 'Room' }], strange: 1 }],
  ])('refuses %j with 400', async (query) => {
    expect(await post(query)).toBe(400);
  });
});

describe('DELETE /entities', () => {
  it('needs a filter, then deletes what matches or parts of it', async () => {
    const mine = [sensor({ type: 'Old', a: 1, b: 1 }), sensor({ type: 'Old', a: 2, b: 1 })];
    await call('POST', '/entityOperations/create', mine);
    for (const query of ['', `?id=${first}`, '?idPattern=.*', '?type=Old&keep=a&drop=b', '?type=Old&q=owner{name}=="x"']) {
      expect([query, (await call('DELETE', `/entities${query}`)).status]).toEqual([query, 400]);
    }
    expect((await call('DELETE', '/entities?type=Old&drop=b')).status).toBe(204);
    expect((await call('GET', '/entities?type=Old&options=keyValues')).json).toMatchObject([{ a: 1 }, { a: 2 }]);
    expect((await call('GET', '/entities?type=Old&attrs=b')).json).toEqual([]);
    expect((await call('DELETE', '/entities?type=Old&q=a==1')).status).toBe(204);
    expect((await call('GET', '/entities?type=Old')).json).toHaveLength(1);
  });
});

describe('types and attributes', () => {
  it('lists and details them', async () => {
    expect((await call('GET', '/types')).json).toMatchObject({
      type: 'EntityTypeList',
      typeList: expect.arrayContaining(['Room', 'Hall']),
    });
    expect((await call('GET', '/types?details=true')).json).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'EntityType', typeName: 'Hall', attributeNames: ['name', 'level', 'open', 'location'] }),
      ]),
    );
    expect((await call('GET', '/types/Hall')).json).toMatchObject({
      id: 'https://uri.etsi.org/ngsi-ld/default-context/Hall',
      type: 'EntityTypeInfo',
      entityCount: 1,
      attributeDetails: expect.arrayContaining([
        { id: 'https://uri.etsi.org/ngsi-ld/location', type: 'Attribute', attributeName: 'location', attributeTypes: ['GeoProperty'] },
      ]),
    });
    expect((await call('GET', '/attributes')).json).toMatchObject({
      type: 'AttributeList',
      attributeList: expect.arrayContaining(['tags']),
    });
    expect((await call('GET', '/attributes?details=true')).json).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'Attribute', attributeName: 'open', typeNames: ['Room', 'Hall'] })]),
    );
    expect((await call('GET', '/attributes/open')).json).toMatchObject({
      type: 'Attribute',
      attributeCount: 2,
      attributeTypes: ['Property'],
      typeNames: ['Room', 'Hall'],
    });
    for (const path of ['/types/None', '/attributes/none']) expect((await call('GET', path)).status).toBe(404);
  });
});
