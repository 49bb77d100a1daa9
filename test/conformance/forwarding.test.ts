import { describe, expect, it } from '@jest/globals';
import { brokerUnderTest, PROBLEM } from './broker-under-test.ts';
import { startReceiver } from './receiver.ts';

const ID = 'urn:ngsi-ld:Bell:001';
const PATH = `/entities/${ID}`;

function registration(endpoint: string, change: object = {}) {
  return {
    type: 'ContextSourceRegistration',
    mode: 'exclusive',
    operations: ['updateOps', 'mergeEntity'],
    information: [{ entities: [{ id: ID, type: 'Bell' }], propertyNames: ['ring'] }],
    endpoint,
    ...change,
  };
}

/** A broker with one registration whose source is a receiver. */
async function scene(change: object = {}) {
  const under = await brokerUnderTest();
  const source = await startReceiver();
  const endpoint = new URL(source.url).origin;
  expect((await under.call('POST', '/csourceRegistrations', registration(endpoint, change))).status).toBe(201);
  return { ...under, source };
}

const ring = { type: 'Property', value: 'loud' };

describe('changes of an attribute that is registered as exclusive', () => {
  it('go to its source, also while the entity is not here', async () => {
    const { call, source } = await scene({
      contextSourceInfo: [
        { key: 'Authorization', value: 'urn:ngsi-ld:request' },
        { key: 'X-Site', value: 'idrija' },
      ],
    });
    expect((await call('PATCH', `${PATH}/attrs/ring`, ring, { Authorization: 'Bearer one' })).status).toBe(204);
    expect((await call('PATCH', PATH, { ring })).status).toBe(204);
    expect((await call('PATCH', `${PATH}/attrs`, { ring })).status).toBe(204);
    expect(source.received.map(({ url, body }) => [url, body as unknown])).toEqual([
      [`/ngsi-ld/v1${PATH}/attrs/ring`, ring],
      [`/ngsi-ld/v1${PATH}`, { ring }],
      [`/ngsi-ld/v1${PATH}/attrs`, { ring }],
    ]);
    expect(source.received[0]?.headers).toMatchObject({ authorization: 'Bearer one', 'x-site': 'idrija' });
    expect(source.received[1]?.headers.authorization).toBeUndefined();
    expect((await call('GET', PATH)).status).toBe(404);
  });

  it('leave the others of the same request here', async () => {
    const { call, source } = await scene();
    await call('POST', '/entities', { id: ID, type: 'Bell', mood: { type: 'Property', value: 'calm' } });
    expect((await call('PATCH', PATH, { ring, mood: { type: 'Property', value: 'cross' } })).status).toBe(204);
    expect(source.received.map(({ body }) => body as unknown)).toEqual([{ ring }]);
    const { body } = await call('GET', `${PATH}?options=keyValues`);
    expect(body).toEqual({ id: ID, type: 'Bell', mood: 'cross' });
    expect((await call('PATCH', `${PATH}/attrs/mood`, { type: 'Property', value: 'calm' })).status).toBe(204);
    expect(source.received).toHaveLength(1);
  });

  it('fail as the source does, before anything is changed here', async () => {
    const { call, source } = await scene();
    await call('POST', '/entities', { id: ID, type: 'Bell', mood: { type: 'Property', value: 'calm' } });
    source.answer = { status: 422 };
    const refused = await call('PATCH', PATH, { ring, mood: { type: 'Property', value: 'cross' } });
    expect([refused.status, refused.body.type]).toEqual([422, `${PROBLEM}OperationNotSupported`]);
    source.answer = { status: 500 };
    expect((await call('PATCH', `${PATH}/attrs/ring`, ring)).status).toBe(502);
    expect((await call('GET', `${PATH}?options=keyValues`)).body).toMatchObject({ mood: 'calm' });
    const { call: toNobody } = await brokerUnderTest();
    await toNobody('POST', '/csourceRegistrations', registration('http://127.0.0.1:1'));
    expect((await toNobody('PATCH', `${PATH}/attrs/ring`, ring)).status).toBe(504);
  });

  it('never go round in a circle', async () => {
    const { call, broker } = await brokerUnderTest();
    await call('POST', '/csourceRegistrations', registration(broker.url));
    const answer = await call('PATCH', `${PATH}/attrs/ring`, ring);
    expect([answer.status, answer.body.detail]).toEqual([508, expect.stringContaining('answered 508')]);
  });

  it('are forwarded only for the operations, the mode and the entity that were registered', async () => {
    for (const change of [{ operations: ['retrieveOps'] }, { mode: 'inclusive' }, { operations: undefined }]) {
      const { call, source } = await scene(change);
      expect((await call('PATCH', `${PATH}/attrs/ring`, ring)).status).toBe(404);
      expect(source.received).toEqual([]);
    }
    const { call, source } = await scene();
    expect((await call('PATCH', '/entities/urn:ngsi-ld:Bell:002/attrs/ring', ring)).status).toBe(404);
    expect((await call('PATCH', `${PATH}/attrs/ring?local=true`, ring)).status).toBe(404);
    expect(source.received).toEqual([]);
  });
});
