import { beforeAll, describe, expect, it } from '@jest/globals';
import { sensor, useBroker, type Client } from './broker.ts';
import { rooms } from './rooms.ts';

const { call, broker }: Client = useBroker();
const vocabulary = {
  '@context': { Room: 'https://example.org/Room', category: 'https://example.org/category', commercial: 'https://example.org/commercial' },
};

const [first, second, third] = rooms.map(({ id }) => id) as [string, string, string];

beforeAll(async () => {
  await call('POST', '/entityOperations/create', rooms);
});

async function ids(query: string): Promise<string[] | number> {
  const { status, json } = await call('GET', `/entities?${query}`);
  return status === 200 ? (json as { id: string }[]).map(({ id }) => id) : status;
}
const withQ = (q: string, more = ''): Promise<string[] | number> => ids(`type=Room&q=${encodeURIComponent(q)}${more}`);

describe('the query language', () => {
  it.each([
    ['name=="Zebra"', [second]],
    ['name!="Zebra"', [first, third]],
    ['name=="Zebra","apple"', [second, third]],
    ['name!="Zebra","apple"', [first]],
    ['level==4..5', [first]],
    ['level!=4..5', [second, third]],
    ['level>4', [second]],
    ['level>=4', [first, second]],
    ['level<6', [first]],
    ['open==true', [second]],
    ['open', [first, second]],
    ['!open', [third]],
    ['name~="^A|^Z"', [second]],
    ['name~=(^Z|^a)', [second, third]],
    ['name!~="^Z"', [first, third]],
    ['when>2026-05-01T09:59:59Z', [first]],
    ['when==2026-05-01T12:00:00+02:00', [first]],
    ['when.observedAt<2026-06-01T00:00:00Z', [first]],
    ['createdAt>2000-01-01T00:00:00Z', [first, second, third]],
    ['level.accuracy==0.5', [second]],
    ['address[city]=="Idrija"', [first]],
    ['address.city=="Idrija"', [first]],
    ['address[country]=="Idrija"', []],
    ['address[zip]', [first]],
    ['color[en]=="red"', [first]],
    ['color[en]=="rouge"', []],
    ['color[*]=="rouge"', [first]],
    ['color[*]!="red"', []],
    ['tags=="b"', [first]],
    ['owner==urn:ngsi-ld:Person:1', [first]],
    ['owner=="urn:ngsi-ld:Person:1"', [first]],
    ['owner>"urn:a"', []],
    ['open==false|name=="apple"', [first, third]],
    ['(open==false|name=="apple");level==4', [first]],
    ['open==false|name=="apple";level==4', [first]],
    ['name=="a;b|c(d)"', []],
    ['unknown==1', []],
  ])('q=%s', async (q, expected) => {
    expect(await withQ(q)).toEqual(expected);
  });

  it.each([
    'level>',
    '>4',
    'level>4..5',
    'level>4,5',
    'name=="open',
    '(level==4',
    'level==4)',
    ';level==4',
    'level==4;',
    'level ==',
    '!level==4',
    'open>true',
    'name~="("',
  ])('refuses q=%s with 400', async (q) => {
    expect(await withQ(q)).toBe(400);
  });

  it('expands values only when asked', async () => {
    const context = await call('POST', '/jsonldContexts', vocabulary);
    const url = `${broker().url}${context.headers.get('location') ?? ''}`;
    const link = { link: `<${url}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` };
    const shop = sensor({ type: 'Room', category: { type: 'VocabProperty', vocab: 'commercial' } });
    expect((await call('POST', '/entities', shop, link)).status).toBe(201);
    expect((await call('GET', '/entities?type=Room&q=category==commercial&expandValues=category', undefined, link)).json).toHaveLength(1);
    expect((await call('GET', '/entities?type=Room&q=category==commercial', undefined, link)).json).toHaveLength(0);
    // The same short name without that context is another type.
    expect(await ids(`type=Room&id=${shop.id}`)).toEqual([]);
  });
});

describe('geoqueries', () => {
  const geo = (georel: string, geometry: string, coordinates: unknown, more = ''): Promise<string[] | number> =>
    ids(
      `type=Room&georel=${encodeURIComponent(georel)}&geometry=${geometry}&coordinates=${encodeURIComponent(JSON.stringify(coordinates))}${more}`,
    );
  const square = [
    [
      [14, 45.9],
      [14.1, 45.9],
      [14.1, 46.1],
      [14, 46.1],
      [14, 45.9],
    ],
  ];
  const hole = [
    ...[
      [
        [-1, -1],
        [20, -1],
        [20, 50],
        [-1, 50],
        [-1, -1],
      ],
    ],
    [
      [10, 40],
      [14.5, 40],
      [14.5, 46.5],
      [10, 46.5],
      [10, 40],
    ],
  ];

  it.each([
    ['near;maxDistance==2000', 'Point', [14.03, 46.0], [first]],
    ['near;minDistance==2000', 'Point', [14.03, 46.0], [second, third]],
    [
      'near;maxDistance==2000',
      'LineString',
      [
        [0, 46],
        [14, 46],
      ],
      [first],
    ],
    ['near;maxDistance==1', 'Point', [2, 2], [third]],
    ['within', 'Polygon', square, [first]],
    ['within', 'Polygon', hole, [second, third]],
    ['disjoint', 'Polygon', square, [second, third]],
    [
      'intersects',
      'Polygon',
      [
        [
          [3, 3],
          [15, 3],
          [15, 46.5],
          [3, 46.5],
          [3, 3],
        ],
      ],
      [first, third],
    ],
    ['contains', 'Point', [2, 2], [third]],
    ['equals', 'Point', [15, 47], [second]],
    [
      'overlaps',
      'Polygon',
      [
        [
          [2, 2],
          [6, 2],
          [6, 6],
          [2, 6],
          [2, 2],
        ],
      ],
      [third],
    ],
    [
      'overlaps',
      'Polygon',
      [
        [
          [1, 1],
          [2, 1],
          [2, 2],
          [1, 2],
          [1, 1],
        ],
      ],
      [],
    ],
  ])('%s %s %j', async (georel, geometry, coordinates, expected) => {
    expect(await geo(georel, geometry, coordinates)).toEqual(expected);
  });

  it('looks at another GeoProperty when told to', async () => {
    expect(await geo('near;maxDistance==2000', 'Point', [14.02, 46.0], '&geoproperty=operationSpace')).toEqual([]);
  });

  it.each([
    ['near', 'Point', [14, 46]],
    ['near;maxDistance==0', 'Point', [14, 46]],
    ['near;maxDistance==-1', 'Point', [14, 46]],
    ['near;maxDistance==1e400', 'Point', [14, 46]],
    ['near;maxDistance==5;minDistance==1', 'Point', [14, 46]],
    ['touches', 'Point', [14, 46]],
    ['within', 'Circle', [14, 46]],
    ['within', 'Polygon', [14, 46]],
    ['equals', 'Point', [200, 46]],
  ])('refuses %s %s %j with 400', async (georel, geometry, coordinates) => {
    expect(await geo(georel, geometry, coordinates)).toBe(400);
  });

  it('refuses a part of a geoquery', async () => {
    for (const query of ['georel=within', 'geometry=Point&coordinates=[1,1]', 'geoproperty=location'])
      expect(await ids(`type=Room&${query}`)).toBe(400);
  });
});

describe('types, ids, scopes', () => {
  it.each([
    ['type=Room', [first, second, third]],
    ['type=Hall', [second]],
    ['type=(Room;Hall)', [second]],
    ['type=Hall|Nothing', [second]],
    ['type=Hall,Room', [first, second, third]],
    ['type=Room&idPattern=.*999999', []],
    ['attrs=tags', [first]],
    ['type=Room&scopeQ=/Idrija', [second]],
    ['type=Room&scopeQ=/Idrija/%23', [first, second]],
    ['type=Room&scopeQ=/%2B/Center', [first, third]],
    ['type=Room&scopeQ=/Idrija/Center;/Municipal', [first]],
    ['type=Room&scopeQ=(/Idrija/Center;/Municipal)|/Cerkno/Center', [first, third]],
    ['type=Room&scopeQ=/Idrija,/Cerkno/Center', [second, third]],
    ['type=Room&scopeQ=/+/Center', [first, third]],
    ['type=Room&q=when==2026-05-01T12:00:00+02:00', [first]],
  ])('%s', async (query, expected) => {
    expect(await ids(query)).toEqual(expected);
  });

  it('by id', async () => {
    expect(await ids(`type=Room&id=${second},${first}`)).toEqual([first, second]);
    expect(await ids(`id=${first}`)).toBe(400);
    expect(await ids('type=Room&id=x')).toBe(400);
    expect(await ids('type=Room&idPattern=(')).toBe(400);
    expect(await ids('type=9')).toBe(400);
    expect(await ids('type=Room&scopeQ=/a//b')).toBe(400);
  });

  it('a query over everything is refused, unless it is local', async () => {
    for (const query of ['', 'limit=5', 'attrs=createdAt', 'q=modifiedAt>2000-01-01T00:00:00Z']) expect(await ids(query)).toBe(400);
    expect(await ids('local=true&limit=3')).toEqual([first, second, third]);
    expect(await ids('type=*&limit=3')).toEqual([first, second, third]);
  });
});

describe('pages and order', () => {
  it('gives count, next and prev', async () => {
    const page = async (query: string): Promise<[string | null, string[]]> => {
      const { headers } = await call('GET', `/entities?type=Room&${query}`);
      return [
        headers.get('ngsild-results-count'),
        [...(headers.get('link') ?? '').matchAll(/rel="(next|prev)"/g)].map(([, rel]) => rel as string),
      ];
    };
    expect(await page('limit=1&count=true')).toEqual(['3', ['next']]);
    expect(await page('limit=1&offset=1')).toEqual([null, ['prev', 'next']]);
    expect(await page('limit=2&offset=2')).toEqual([null, ['prev']]);
    expect(await page('limit=0&count=true')).toEqual(['3', []]);
  });

  it.each(['limit=0', 'limit=1001', 'limit=-1', 'limit=x', 'offset=-1', 'count=maybe', 'limit='])('refuses %s with 400', async (query) => {
    expect(await ids(`type=Room&${query}`)).toBe(400);
  });

  it('orders by members, in languages, by distance', async () => {
    expect(await ids('type=Room&orderBy=name')).toEqual([second, third, first]);
    expect(await ids('type=Room&orderBy=name&collation=de')).toEqual([first, third, second]);
    expect(await ids('type=Room&orderBy=level;desc')).toEqual([third, second, first]);
    expect(await ids('type=Room&orderBy=address[city]')).toEqual([first, second, third]);
    expect(await ids('type=Room&orderBy=location;dist-asc&orderFrom=[15,47]')).toEqual([second, first, third]);
    for (const wrong of ['orderBy=location;dist-asc', 'orderBy=name&collation=!!', 'orderBy=name;up'])
      expect(await ids(`type=Room&${wrong}`)).toBe(400);
  });
});
