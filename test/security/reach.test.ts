/** Requests that somebody else would like us to make inside the network (SSRF). */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';

import { createDispatch } from '../../core/command/dispatch.ts';
import { unsupportedIn } from '../../core/provision/unsupported.ts';
import { createLogger } from '../../core/service/log.ts';
import { createReach, everywhere } from '../../core/service/reach.ts';
import { startBroker, type Broker } from '../../embedded/ngsi-ld/server.ts';

const strict = createReach({ allowed: [] });

describe('where others may send us', () => {
  it.each(['http://169.254.169.254/latest', 'http://2130706433/', 'http://0x7f.1/', 'http://[::1]:80/', 'http://[::ffff:10.0.0.1]/'])(
    '%s is refused unasked, however it is written',
    async (url) => {
      expect(strict.refusal(url)).toMatch(/private network.*KLAVZE_REACH/);
      expect(() => strict.connection(url)).toThrow('private network');
      await expect(strict.host(url)).rejects.toThrow('private network');
    },
  );

  it('a name is looked at when it is resolved, and what it led to is what is asked', async () => {
    expect(strict.refusal('http://localhost/')).toBeUndefined();
    expect(strict.connection('http://localhost/').lookup).toBeDefined();
    await expect(strict.host('mqtt://localhost')).rejects.toThrow('localhost (');
  });

  it('a public address is free', async () => {
    expect(strict.refusal('https://193.2.1.66/context.jsonld')).toBeUndefined();
    expect(await strict.host('https://193.2.1.66/context.jsonld')).toBe('193.2.1.66');
  });

  it('what the operator names is free: a host, a host with its port, a network, our own addresses, everything', async () => {
    const reach = createReach({ allowed: ['10.1.0.0/16', 'localhost:8080', '192.168.1.7', 'fd00::/8'], own: ['http://127.0.0.1:1026'] });
    for (const url of [
      'http://10.1.2.3/',
      'http://localhost:8080/x',
      'https://192.168.1.7/',
      'http://[fd12::1]/',
      'http://127.0.0.1:1026/a',
    ])
      expect([url, reach.refusal(url)]).toEqual([url, undefined]);
    for (const url of ['http://10.2.2.3/', 'http://192.168.1.8/', 'http://127.0.0.1:1027/']) expect(reach.refusal(url)).toBeDefined();
    expect(reach.connection('http://localhost:8080/')).toEqual({});
    await expect(reach.host('http://localhost:8081/')).rejects.toThrow('private network');
    expect(createReach({ allowed: ['*'] })).toBe(everywhere);
  });

  it('who listens on this machine alone may be sent to this machine, and no further', () => {
    const alone = createReach({ allowed: [], loopback: true });
    expect(alone.refusal('http://127.0.0.1:9999/')).toBeUndefined();
    expect(alone.refusal('http://10.0.0.1/')).toBeDefined();
  });
});

describe('a request names an address inside', () => {
  let asked: string[] = [];
  let inside: Server;
  let address = '';
  let broker: Broker;
  beforeAll(async () => {
    inside = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.setHeader('content-type', 'application/ld+json').end('{"@context":{"a":"https://example.org/a"}}');
    });
    await new Promise<void>((resolve) => void inside.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(inside.address() as AddressInfo).port}`;
    broker = await startBroker({ port: 0, dbFile: ':memory:', reach: { contexts: strict, endpoints: strict } });
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(async () => {
    await broker.close();
    inside.close();
    inside.closeAllConnections();
  });

  const post = (path: string, data: object, type = 'application/ld+json') =>
    axios.post(`${broker.url}/ngsi-ld/v1/${path}`, data, { validateStatus: () => true, headers: { 'Content-Type': type } });
  const entity = { id: 'urn:ngsi-ld:Thing:1', type: 'Thing' };

  it('as @context, by address or by name: 504, and nobody is asked', async () => {
    for (const url of [`${address}/c.jsonld`, `${address.replace('127.0.0.1', 'localhost')}/c.jsonld`]) {
      const { status, data } = await post('entities', { ...entity, '@context': url });
      expect([status, data]).toEqual([504, expect.objectContaining({ detail: expect.stringContaining('private network') })]);
    }
    expect(asked).toEqual([]);
  });

  it('as the receiver of notifications, over HTTP and MQTT: the subscription says why it failed', async () => {
    for (const uri of [`${address}/notify`, `${address.replace('127.0.0.1', 'localhost')}/notify`, 'mqtt://127.0.0.1:1/topic']) {
      const { headers } = await post('subscriptions', {
        type: 'Subscription',
        entities: [{ type: 'Thing' }],
        notification: { endpoint: { uri, accept: 'application/json' } },
        '@context': [],
      });
      await post('entityOperations/upsert', [{ ...entity, n: { type: 'Property', value: uri }, '@context': [] }]);
      const location = `${broker.url}${headers['location'] as string}`;
      let reason: string | undefined;
      for (const end = Date.now() + 5_000; reason === undefined && Date.now() < end;) {
        const { data } = await axios.get<{ notification: { endpoint: object; lastErrorReason?: string } }>(location);
        reason = (JSON.stringify(data).match(/private network/) ?? [])[0];
      }
      expect([uri, reason]).toEqual([uri, 'private network']);
      await axios.delete(location);
    }
    expect(asked).toEqual([]);
  });

  it('as a context source: the change is not forwarded', async () => {
    await post('entities', { ...entity, id: 'urn:ngsi-ld:Thing:2', '@context': [] });
    await post('csourceRegistrations', {
      id: 'urn:ngsi-ld:ContextSourceRegistration:1',
      type: 'ContextSourceRegistration',
      mode: 'exclusive',
      operations: ['updateAttrs'],
      information: [{ entities: [{ id: 'urn:ngsi-ld:Thing:2', type: 'Thing' }], propertyNames: ['on'] }],
      endpoint: address,
      '@context': [],
    });
    const url = `${broker.url}/ngsi-ld/v1/entities/urn:ngsi-ld:Thing:2/attrs/on`;
    const { status, data } = await axios.patch(url, { type: 'Property', value: 1 }, { validateStatus: () => true });
    expect([status, JSON.stringify(data)]).toEqual([504, expect.stringContaining('private network')]);
    expect(asked).toEqual([]);
  });

  it('as the endpoint of a device: it is not provisioned, and a name that leads inside gets no command', async () => {
    const device = { device_id: 'd', transport: 'HTTP', endpoint: `${address}/cmd` };
    expect(unsupportedIn({ devices: [device] }, strict)).toEqual([expect.stringMatching(/^\/devices\/0\/endpoint: 127\.0\.0\.1.*reach/)]);
    expect(unsupportedIn({ devices: [{ ...device, endpoint: 'http://193.2.1.66/cmd' }] }, strict)).toEqual([]);
    const states: string[] = [];
    const dispatch = createDispatch({
      clock: () => '2026-05-01T00:00:00.000Z',
      publish: () => true,
      accept: () => undefined,
      logger: createLogger('silent'),
      reach: strict,
      keep(kept) {
        states.push(JSON.stringify(kept));
        return Promise.resolve();
      },
    });
    for (const url of [`${address}/cmd`, `${address.replace('127.0.0.1', 'localhost')}/cmd`]) {
      const route = { kind: 'http', url, contentType: 'application/json', body: '{}', answerTopic: '/json/k/d/cmdexe' } as const;
      await dispatch({ entityId: 'urn:ngsi-ld:Thing:3', entityType: 'Thing', device: 'd', name: 'on', value: 1, route });
    }
    for (const end = Date.now() + 5_000; states.length < 4 && Date.now() < end;) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(states.filter((text) => text.includes('ERROR') && text.includes('private network'))).toHaveLength(2);
    expect(asked).toEqual([]);
  });

  it('and is asked where the operator allows it', async () => {
    const { hostname, port } = new URL(address);
    const reach = createReach({ allowed: [`${hostname}:${port}`] });
    const free = await startBroker({ port: 0, dbFile: ':memory:', reach: { contexts: reach, endpoints: reach } });
    const body = { ...entity, '@context': `${address}/c.jsonld` };
    const options = { validateStatus: () => true, headers: { 'Content-Type': 'application/ld+json' } };
    expect((await axios.post(`${free.url}/ngsi-ld/v1/entities`, body, options)).status).toBe(201);
    expect(asked).toEqual(['GET /c.jsonld']);
    await free.close();
  });
});
