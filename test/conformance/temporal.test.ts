import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { brokerUnderTest, PROBLEM, type BrokerUnderTest } from './broker-under-test.ts';

const ID = 'urn:ngsi-ld:Vehicle:A';
const OTHER = 'urn:ngsi-ld:Vehicle:B';
const at = (hour: string): string => `2020-08-01T${hour}:00Z`;
const instance = (value: unknown, hour: string, more: object = {}): object => ({ type: 'Property', value, observedAt: at(hour), ...more });
const VEHICLE = {
  id: ID,
  type: 'Vehicle',
  speed: [instance(120, '12:03'), instance(80, '12:05'), instance(100, '12:07')],
  fuelLevel: [instance(67, '12:03'), instance(53, '13:05'), instance(40, '14:07')],
};

async function withVehicle(): Promise<BrokerUnderTest> {
  const under = await brokerUnderTest();
  expect((await under.call('POST', '/temporal/entities', VEHICLE)).status).toBe(201);
  return under;
}

const valuesOf = (instances: { value: unknown }[] | undefined): unknown[] | undefined => instances?.map(({ value }) => value);

describe('history of the entities', () => {
  it('has every value that the entity API wrote, each with an id, and each removal', async () => {
    const { call } = await brokerUnderTest();
    await call('POST', '/entities', { id: ID, type: 'Vehicle', speed: instance(1, '12:00'), colour: 'red' });
    for (let n = 2; n <= 50; n++) await call('PATCH', `/entities/${ID}/attrs`, { speed: instance(n, '12:00') });
    await call('DELETE', `/entities/${ID}/attrs/colour`);
    const { status, body } = await call('GET', `/temporal/entities/${ID}`);
    expect(status).toBe(200);
    expect(valuesOf(body.speed)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(new Set(body.speed.map(({ instanceId }: { instanceId: string }) => instanceId)).size).toBe(50);
    expect(body.speed[0]).toEqual({ ...instance(1, '12:00'), instanceId: expect.stringMatching(/^urn:ngsi-ld:/) });
    expect(body.colour).toEqual([
      { type: 'Property', value: 'red', instanceId: expect.any(String) },
      { type: 'Property', value: 'urn:ngsi-ld:null', deletedAt: expect.any(String), instanceId: expect.any(String) },
    ]);
  });

  it('keeps one instance of an observation that is delivered twice, and two of different values at one time', async () => {
    const { call } = await brokerUnderTest();
    const speed = instance(5, '12:00');
    for (let n = 0; n < 3; n++) await call('POST', '/entityOperations/upsert?options=update', [{ id: ID, type: 'Vehicle', speed }]);
    await call('POST', '/entityOperations/upsert?options=update', [{ id: ID, type: 'Vehicle', speed: instance(6, '12:00') }]);
    expect(valuesOf((await call('GET', `/temporal/entities/${ID}`)).body.speed)).toEqual([5, 6]);
  });

  it('stays after the entity is deleted', async () => {
    const { call } = await brokerUnderTest();
    await call('POST', '/entities', { id: ID, type: 'Vehicle', speed: instance(1, '12:00') });
    await call('DELETE', `/entities/${ID}`);
    const { body } = await call('GET', `/temporal/entities/${ID}?options=sysAttrs`);
    expect(body).toMatchObject({ id: ID, type: 'Vehicle', createdAt: expect.any(String), deletedAt: expect.any(String) });
    expect(valuesOf(body.speed)).toEqual([1, 'urn:ngsi-ld:null']);
    const deleted = (await call('GET', `/temporal/entities/${ID}?timeproperty=deletedAt`)).body;
    expect(valuesOf(deleted.speed)).toEqual(['urn:ngsi-ld:null']);
  });

  it('tells the scopes an entity had', async () => {
    const { call } = await brokerUnderTest();
    await call('POST', '/entities', { id: ID, type: 'Vehicle', scope: '/Old', speed: 1 });
    await call('PATCH', `/entities/${ID}`, { scope: '/New' });
    const { body } = await call('GET', `/temporal/entities/${ID}`);
    expect(valuesOf(body.scope)).toEqual(['/Old', '/New']);
  });

  it('survives a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'klavze-temporal-'));
    try {
      const dbFile = join(folder, 'broker.sqlite');
      const first = await brokerUnderTest({ dbFile });
      await first.call('POST', '/entities', { id: ID, type: 'Vehicle', speed: instance(1, '12:00') });
      await first.broker.close();
      const second = await brokerUnderTest({ dbFile });
      expect(valuesOf((await second.call('GET', `/temporal/entities/${ID}`)).body.speed)).toEqual([1]);
      await second.broker.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('forgets what is older than historyDays, at the start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'klavze-temporal-'));
    try {
      const dbFile = join(folder, 'broker.sqlite');
      let now = '2026-05-01T00:00:00.000Z';
      const first = await brokerUnderTest({ dbFile, clock: () => now });
      await first.call('POST', '/entities', { id: ID, type: 'Vehicle', speed: instance(1, '12:00') });
      now = '2026-05-09T00:00:00.000Z';
      await first.call('PATCH', `/entities/${ID}/attrs`, { speed: instance(2, '13:00') });
      await first.broker.close();
      now = '2026-05-10T00:00:00.000Z';
      const second = await brokerUnderTest({ dbFile, clock: () => now, historyDays: 7 });
      expect(valuesOf((await second.call('GET', `/temporal/entities/${ID}`)).body.speed)).toEqual([2]);
      await second.broker.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('GET /temporal/entities/{id}', () => {
  it.each([
    ['timerel=after&timeAt=2020-08-01T12:05:00Z', [80, 100]],
    ['timerel=after&timeAt=2020-08-01T12:05:00.000Z', [80, 100]],
    ['timerel=before&timeAt=2020-08-01T12:05:00Z', [120]],
    ['timerel=between&timeAt=2020-08-01T12:03:00Z&endTimeAt=2020-08-01T12:07:00Z', [120, 80]],
    ['lastN=2', [80, 100]],
    ['timerel=before&timeAt=2020-08-01T12:07:00Z&lastN=1', [80]],
    ['timerel=after&timeAt=2020-08-01T13:00:00Z', undefined],
  ])('%s', async (query, speeds) => {
    const { call } = await withVehicle();
    const { status, body } = await call('GET', `/temporal/entities/${ID}?${query}`);
    expect(status).toBe(200);
    expect(valuesOf(body.speed)).toEqual(speeds);
  });

  it.each([
    ['attrs=speed', ['id', 'type', 'speed']],
    ['pick=speed', ['speed']],
    ['pick=id,speed', ['id', 'speed']],
    ['omit=speed', ['id', 'type', 'fuelLevel']],
    ['omit=type,speed', ['id', 'fuelLevel']],
  ])('%s', async (query, members) => {
    const { call } = await withVehicle();
    const { body } = await call('GET', `/temporal/entities/${ID}?${query}`);
    expect(Object.keys(body)).toEqual(members);
  });

  it.each([
    'timerel=after',
    'timerel=during&timeAt=2020-08-01T12:00:00Z',
    'timerel=after&timeAt=2020-08-01',
    'timerel=between&timeAt=2020-08-01T12:00:00Z',
    'timeAt=2020-08-01T12:00:00Z',
    'timeproperty=seenAt',
    'lastN=0',
    'lastN=1.5',
    'options=colour',
    'format=colour',
    'options=aggregatedValues',
    'options=aggregatedValues&aggrMethods=median',
    'options=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=1h',
    'pick=speed&omit=speed',
    'pick=speed&attrs=fuelLevel',
    'pick=owner{name}',
    'colour=blue',
  ])('400: %s', async (query) => {
    const { call } = await withVehicle();
    expect((await call('GET', `/temporal/entities/${ID}?${query}`)).status).toBe(400);
  });

  it.each(['options=colour', 'format=colour', 'options=temporalValues,colour', 'format=temporalValues&options=colour'])(
    'InvalidRequest: %s',
    async (query) => {
      const { call } = await withVehicle();
      const answer = await call('GET', `/temporal/entities?type=Vehicle&${query}`);
      expect([answer.status, answer.body.type]).toEqual([400, `${PROBLEM}InvalidRequest`]);
    },
  );

  it('404 for an unknown entity or attribute, 400 for what is no URI', async () => {
    const { call } = await withVehicle();
    const unknown = await call('GET', '/temporal/entities/urn:ngsi-ld:Vehicle:none');
    expect([unknown.status, unknown.body.type]).toEqual([404, `${PROBLEM}ResourceNotFound`]);
    for (const query of ['attrs=none', 'pick=none', 'omit=id,type,speed,fuelLevel']) {
      expect([query, (await call('GET', `/temporal/entities/${ID}?${query}`)).status]).toEqual([query, 404]);
    }
    expect((await call('GET', '/temporal/entities/none')).status).toBe(400);
  });

  it('temporalValues: pairs of value and time for each kind of attribute', async () => {
    const { call } = await brokerUnderTest();
    const observedAt = at('12:00');
    const point = { type: 'Point', coordinates: [14, 46] };
    await call('POST', '/temporal/entities', {
      id: ID,
      type: 'Vehicle',
      speed: [instance(120, '12:00'), instance(80, '12:05')],
      location: { type: 'GeoProperty', value: point, observedAt },
      driver: { type: 'Relationship', object: 'urn:ngsi-ld:Person:1', observedAt },
      label: { type: 'LanguageProperty', languageMap: { sl: 'avto' }, observedAt },
      details: { type: 'JsonProperty', json: { a: 1 }, observedAt },
      category: { type: 'VocabProperty', vocab: 'truck', observedAt },
      stops: { type: 'ListProperty', valueList: [1, 2], observedAt },
      riders: { type: 'ListRelationship', objectList: ['urn:ngsi-ld:Person:1'], observedAt },
    });
    expect((await call('GET', `/temporal/entities/${ID}?options=temporalValues`)).body).toEqual({
      id: ID,
      type: 'Vehicle',
      speed: {
        type: 'Property',
        values: [
          [120, at('12:00')],
          [80, at('12:05')],
        ],
      },
      location: { type: 'GeoProperty', values: [[point, observedAt]] },
      driver: { type: 'Relationship', objects: [['urn:ngsi-ld:Person:1', observedAt]] },
      label: { type: 'LanguageProperty', languageMaps: [[{ languageMap: { sl: 'avto' } }, observedAt]] },
      details: { type: 'JsonProperty', jsons: [[{ json: { a: 1 } }, observedAt]] },
      category: { type: 'VocabProperty', vocabs: [[{ vocab: 'truck' }, observedAt]] },
      stops: { type: 'ListProperty', valueLists: [[[1, 2], observedAt]] },
      riders: { type: 'ListRelationship', objectLists: [[['urn:ngsi-ld:Person:1'], observedAt]] },
    });
  });

  it('aggregatedValues by periods, format before options', async () => {
    const { call } = await withVehicle();
    const query = 'options=temporalValues&format=aggregatedValues&aggrMethods=avg,max,totalCount&aggrPeriodDuration=PT1H';
    const { body } = await call('GET', `/temporal/entities/${ID}?${query}`);
    const hour = (from: string, to: string): string[] => [at(from), at(to)];
    expect(body.speed).toEqual({
      type: 'Property',
      avg: [[100, ...hour('12:03', '13:03')]],
      max: [[120, ...hour('12:03', '13:03')]],
      totalCount: [[3, ...hour('12:03', '13:03')]],
    });
    expect(body.fuelLevel.avg).toEqual([
      [67, ...hour('12:03', '13:03')],
      [53, ...hour('13:03', '14:03')],
      [40, ...hour('14:03', '15:03')],
    ]);
  });

  it('every aggregation method, without a period over the whole time', async () => {
    const { call } = await withVehicle();
    const methods = ['totalCount', 'distinctCount', 'sum', 'avg', 'min', 'max', 'stddev', 'sumsq'];
    const window = 'timerel=between&timeAt=2020-08-01T12:00:00Z&endTimeAt=2020-08-01T13:00:00Z';
    const { body } = await call('GET', `/temporal/entities/${ID}?options=aggregatedValues&${window}&aggrMethods=${methods.join(',')}`);
    const value = (method: string): number => body.speed[method][0][0];
    expect(methods.map((method) => Number(value(method).toFixed(3)))).toEqual([3, 3, 300, 100, 80, 120, 16.33, 30800]);
    expect(body.speed.avg[0].slice(1)).toEqual([at('12:00'), at('13:00')]);
  });

  it('with @context in the body, in names of the context', async () => {
    const { call } = await brokerUnderTest();
    const context = { Vehicle: 'https://example.org/Vehicle', speed: 'https://example.org/speed' };
    await call('POST', '/temporal/entities', { '@context': [context], ...VEHICLE });
    const { body } = await call('GET', `/temporal/entities/${ID}`, undefined, { Accept: 'application/ld+json' });
    expect(body['@context']).toBeDefined();
    expect(body.type).toBe(context.Vehicle);
    expect(valuesOf(body[context.speed])).toEqual([120, 80, 100]);
  });
});

describe('GET /temporal/entities', () => {
  const WINDOW = 'timerel=after&timeAt=2020-08-01T12:04:00Z';

  async function withTwo(): Promise<BrokerUnderTest> {
    const under = await withVehicle();
    await under.call('POST', '/temporal/entities', {
      id: OTHER,
      type: 'Vehicle',
      speed: [instance(30, '12:00'), instance(20, '13:00', { datasetId: 'urn:ngsi-ld:Dataset:1' })],
      location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] }, observedAt: at('12:30') },
    });
    await under.call('POST', '/temporal/entities', { id: 'urn:ngsi-ld:Bus:1', type: 'Bus', speed: [instance(50, '11:00')] });
    return under;
  }

  it.each([
    [`type=Vehicle&${WINDOW}`, [ID, OTHER]],
    [`type=Vehicle,Bus&${WINDOW}`, [ID, OTHER]],
    ['type=Vehicle,Bus', [ID, OTHER, 'urn:ngsi-ld:Bus:1']],
    [`attrs=fuelLevel&${WINDOW}`, [ID]],
    [`type=Vehicle&id=${OTHER}&${WINDOW}`, [OTHER]],
    [`type=Vehicle&idPattern=B$&${WINDOW}`, [OTHER]],
    [`type=Vehicle&q=speed>90&${WINDOW}`, [ID]],
    ['type=Vehicle&q=speed>110&timerel=after&timeAt=2020-08-01T12:04:00Z', []],
    [`type=Vehicle&q=speed==20&${WINDOW}`, [OTHER]],
    [`type=Vehicle&georel=near;maxDistance==1000&geometry=Point&coordinates=[14,46]&${WINDOW}`, [OTHER]],
    [`type=Vehicle&georel=near;maxDistance==1000&geometry=Point&coordinates=[14,46]&timerel=before&timeAt=2020-08-01T12:04:00Z`, []],
    [`type=Vehicle&datasetId=urn:ngsi-ld:Dataset:1&${WINDOW}`, [OTHER]],
    [`type=Vehicle&orderBy=id;desc&${WINDOW}`, [OTHER, ID]],
    [`local=true&${WINDOW}`, [ID, OTHER]],
    ['type=Tram', []],
  ])('%s', async (query, ids) => {
    const { call } = await withTwo();
    const { status, body } = await call('GET', `/temporal/entities?${query}`);
    expect(status).toBe(200);
    expect(body.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it.each([
    WINDOW,
    `id=${ID}&${WINDOW}`,
    `attrs=createdAt&${WINDOW}`,
    `type=Vehicle&id=none&${WINDOW}`,
    `type=Vehicle&orderBy=speed&${WINDOW}`,
    `type=Vehicle&q=((&${WINDOW}`,
    `type=Vehicle&csf=((&${WINDOW}`,
    'type=Vehicle&timerel=after',
    'type=Vehicle&georel=within',
  ])('400: %s', async (query) => {
    const { call } = await withTwo();
    const answer = await call('GET', `/temporal/entities?${query}`);
    expect([answer.status, answer.body.type]).toEqual([400, `${PROBLEM}BadRequestData`]);
  });

  it('pages and counts', async () => {
    const { call } = await withTwo();
    const first = await call('GET', `/temporal/entities?type=Vehicle&limit=1&count=true`);
    expect(first.headers.get('NGSILD-Results-Count')).toBe('2');
    expect(first.body.map(({ id }: { id: string }) => id)).toEqual([ID]);
    const second = await call('GET', `/temporal/entities?type=Vehicle&limit=1&offset=1`);
    expect(second.body.map(({ id }: { id: string }) => id)).toEqual([OTHER]);
  });

  it('by POST with temporalQ', async () => {
    const { call } = await withTwo();
    const query = { type: 'Query', entities: [{ type: 'Vehicle' }], temporalQ: { timerel: 'after', timeAt: at('12:04'), lastN: 1 } };
    const { status, body } = await call('POST', '/temporal/entityOperations/query?count=true', query);
    expect(status).toBe(200);
    expect(body.map(({ id, speed }: { id: string; speed: { value: number }[] }) => [id, valuesOf(speed)])).toEqual([
      [ID, [100]],
      [OTHER, [20]],
    ]);
    const pairs = await call('POST', '/temporal/entityOperations/query?options=temporalValues', { ...query, attrs: ['fuelLevel'] });
    expect(pairs.body).toEqual([{ id: ID, type: 'Vehicle', fuelLevel: { type: 'Property', values: [[40, at('14:07')]] } }]);
    const aggregated = await call('POST', '/temporal/entityOperations/query', {
      ...query,
      temporalQ: { aggrMethods: ['max'], aggrPeriodDuration: 'P1D' },
    });
    expect(aggregated.body[0].speed.max[0][0]).toBe(120);
    for (const wrong of [
      { ...query, type: 'Question' },
      { ...query, temporalQ: { timerel: 'between', timeAt: at('12:00') } },
      { ...query, temporalQ: { lastN: 0 } },
      { ...query, temporalQ: { aggrMethods: 'median' } },
      { ...query, aggrParams: { aggrMethods: ['avg'], aggrPeriodDuration: 'x' } },
      { type: 'Query', temporalQ: query.temporalQ },
      { ...query, colour: 'blue' },
    ]) {
      expect([wrong, (await call('POST', '/temporal/entityOperations/query', wrong)).status]).toEqual([wrong, 400]);
    }
  });
});

describe('writes', () => {
  it('POST creates with 201 and appends with 204', async () => {
    const { call } = await brokerUnderTest();
    const created = await call('POST', '/temporal/entities', VEHICLE);
    expect([created.status, created.body, created.headers.get('Location')]).toEqual([
      201,
      undefined,
      `/ngsi-ld/v1/temporal/entities/${ID}`,
    ]);
    const appended = await call('POST', '/temporal/entities', {
      id: ID,
      type: ['Vehicle', 'Truck'],
      speed: [{ ...instance('urn:ngsi-ld:null', '15:00') }],
    });
    expect([appended.status, appended.body]).toEqual([204, undefined]);
    const { body } = await call('GET', `/temporal/entities/${ID}`);
    expect(body.type).toEqual(['Vehicle', 'Truck']);
    expect(valuesOf(body.speed)).toEqual([120, 80, 100, 'urn:ngsi-ld:null']);
  });

  it.each([
    ['no id', { type: 'Vehicle', speed: VEHICLE.speed }],
    ['an id that is no URI', { ...VEHICLE, id: 'A' }],
    ['no type', { id: ID, speed: VEHICLE.speed }],
    ['nothing', {}],
    ['a wrong observedAt', { ...VEHICLE, speed: [{ type: 'Property', value: 1, observedAt: '2020-08-01' }] }],
    ['an empty array', { ...VEHICLE, speed: [] }],
    ['null', { ...VEHICLE, speed: null }],
  ])('400 for %s', async (_what, body) => {
    const { call } = await brokerUnderTest();
    expect((await call('POST', '/temporal/entities', body)).status).toBe(400);
  });

  it('POST …/attrs appends to what is there', async () => {
    const { call } = await withVehicle();
    expect(
      (await call('POST', `/temporal/entities/${ID}/attrs`, { speed: [instance(90, '15:00')], colour: instance('red', '15:00') })).status,
    ).toBe(204);
    const { body } = await call('GET', `/temporal/entities/${ID}`);
    expect([valuesOf(body.speed), valuesOf(body.colour)]).toEqual([[120, 80, 100, 90], ['red']]);
    expect((await call('POST', `/temporal/entities/${OTHER}/attrs`, { speed: [instance(1, '15:00')] })).status).toBe(404);
    expect((await call('POST', `/temporal/entities/none/attrs`, { speed: [instance(1, '15:00')] })).status).toBe(400);
    expect((await call('POST', `/temporal/entities/${ID}/attrs`, {})).status).toBe(400);
  });

  it('DELETE removes an entity', async () => {
    const { call } = await withVehicle();
    expect((await call('DELETE', `/temporal/entities/${ID}`)).status).toBe(204);
    expect((await call('GET', `/temporal/entities/${ID}`)).status).toBe(404);
    expect((await call('DELETE', `/temporal/entities/${ID}`)).status).toBe(404);
    expect((await call('DELETE', '/temporal/entities/none')).status).toBe(400);
  });

  it('DELETE …/attrs/{name} removes the default instances, those of a dataset or all', async () => {
    const datasetId = 'urn:ngsi-ld:Dataset:1';
    const speed = [instance(1, '12:00'), instance(2, '12:00', { datasetId })];
    for (const [query, left] of [
      ['', [2]],
      [`?datasetId=${datasetId}`, [1]],
      ['?deleteAll=true', undefined],
    ] as const) {
      const { call } = await brokerUnderTest();
      await call('POST', '/temporal/entities', { id: ID, type: 'Vehicle', speed });
      expect((await call('DELETE', `/temporal/entities/${ID}/attrs/speed${query}`)).status).toBe(204);
      expect([query, valuesOf((await call('GET', `/temporal/entities/${ID}`)).body.speed)]).toEqual([query, left]);
    }
    const { call } = await withVehicle();
    expect((await call('DELETE', `/temporal/entities/${ID}/attrs/none`)).status).toBe(404);
    expect((await call('DELETE', `/temporal/entities/${OTHER}/attrs/speed`)).status).toBe(404);
    expect((await call('DELETE', `/temporal/entities/${ID}/attrs/invalid(Name`)).status).toBe(400);
  });

  it('PATCH and DELETE one instance', async () => {
    const { call } = await withVehicle();
    const before = (await call('GET', `/temporal/entities/${ID}`)).body.speed;
    const path = `/temporal/entities/${ID}/attrs/speed/${before[0].instanceId}`;
    expect((await call('PATCH', path, instance(129, '12:04', { unitCode: 'KMH' }))).status).toBe(204);
    const after = (await call('GET', `/temporal/entities/${ID}`)).body.speed;
    expect(after[0]).toEqual({ ...instance(129, '12:04', { unitCode: 'KMH' }), instanceId: before[0].instanceId });
    // The instance may also come under its attribute's name.
    expect((await call('PATCH', path, { speed: [instance(130, '12:04')] })).status).toBe(204);
    expect((await call('GET', `/temporal/entities/${ID}`)).body.speed[0]).toMatchObject({ value: 130 });
    expect((await call('DELETE', path)).status).toBe(204);
    expect(valuesOf((await call('GET', `/temporal/entities/${ID}`)).body.speed)).toEqual([80, 100]);
    for (const method of ['PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? instance(1, '12:00') : undefined;
      const status = async (instancePath: string): Promise<number> =>
        (await call(method, `/temporal/entities/${instancePath}`, body)).status;
      expect(await status(`${ID}/attrs/speed/${before[0].instanceId}`)).toBe(404);
      expect(await status(`${ID}/attrs/none/${before[1].instanceId}`)).toBe(404);
      expect(await status(`${OTHER}/attrs/speed/${before[1].instanceId}`)).toBe(404);
      expect(await status(`${ID}/attrs/speed/none`)).toBe(400);
      expect(await status(`none/attrs/speed/${before[1].instanceId}`)).toBe(400);
    }
  });

  it('other verbs: 405', async () => {
    const { call } = await withVehicle();
    for (const [method, path] of [
      ['PUT', '/temporal/entities'],
      ['PATCH', `/temporal/entities/${ID}`],
      ['GET', '/temporal/entityOperations/query'],
    ] as const) {
      expect([path, (await call(method, path)).status]).toEqual([path, 405]);
    }
  });
});

it('keeps the tenants apart', async () => {
  const { call } = await brokerUnderTest();
  const idrija = { 'NGSILD-Tenant': 'idrija' };
  expect((await call('POST', '/temporal/entities', VEHICLE, idrija)).status).toBe(201);
  expect((await call('GET', `/temporal/entities/${ID}`)).status).toBe(404);
  expect((await call('GET', `/temporal/entities/${ID}`, undefined, idrija)).status).toBe(200);
  expect((await call('GET', `/temporal/entities/${ID}`, undefined, { 'NGSILD-Tenant': 'nowhere' })).status).toBe(404);
});

describe('profile orion', () => {
  it('creates temporal entities and answers 501 to every other write', async () => {
    const { call } = await brokerUnderTest({ profile: 'orion' });
    expect((await call('POST', '/temporal/entities', VEHICLE)).status).toBe(201);
    const { body } = await call('GET', `/temporal/entities/${ID}`);
    const path = `/temporal/entities/${ID}/attrs/speed`;
    const writes = [
      ['DELETE', `/temporal/entities/${ID}`],
      ['POST', `/temporal/entities/${ID}/attrs`, { speed: [instance(1, '12:00')] }],
      ['DELETE', path],
      ['PATCH', `${path}/${body.speed[0].instanceId}`, instance(1, '12:00')],
      ['DELETE', `${path}/${body.speed[0].instanceId}`],
    ] as const;
    for (const [method, target, fragment] of writes) expect([target, (await call(method, target, fragment)).status]).toEqual([target, 501]);
  });
});
