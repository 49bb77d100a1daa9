/** Plan and apply against brokers of both profiles. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ConfigError } from '../../core/errors.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { startBroker, type Broker } from '../../embedded/ngsi-ld/server.ts';
import { applyPlan, planSharing } from '../../sharing/apply.ts';
import type { Surroundings } from '../../sharing/documents.ts';
import { createCaller } from '../../sharing/http.ts';
import { readPartner } from '../../sharing/load.ts';
import type { Partner } from '../../sharing/partner.ts';
import type { Step } from '../../sharing/reconcile.ts';
import { call } from '../conformance/broker.ts';

const models = loadModels();
const id = 'urn:ngsi-ld:Subscription:klavze:here:ljubljana:WeatherObserved';
const entities = [{ type: 'WeatherObserved', attributes: ['temperature', 'location', 'windSpeed', 'refDevice'] }];
const token = 'a-token-that-nobody-may-see';
const around: Surroundings = {
  instance: 'here',
  notifyUrl: (partner) => `http://127.0.0.1:9/sharing/notify/${partner}`,
  relayToken: token,
  contextOf: () => '',
  publicContextOf: () => '',
  knownTypes: [...models.types.keys()],
  isRelationship: (_type, name) => name === 'refDevice',
  publicUrl: 'https://data.example.org',
};

function partner(name: string, members: object): Partner {
  return readPartner(JSON.stringify({ name, entities, ...members }), `${name}.yaml`, models, { token });
}

describe.each(['strict', 'orion'] as const)('a broker of profile %s', (profile) => {
  let broker: Broker;
  let theirs: Broker;
  const caller = createCaller();
  const ngsi = (method: string, path: string, body?: unknown) => call(`${broker.url}/ngsi-ld/v1${path}`, method, body);
  const plan = (partners: readonly Partner[], only?: string) =>
    planSharing({ partners, around, broker: { url: broker.url, caller }, ...(only !== undefined && { only }) });
  const steps = async (partners: readonly Partner[]): Promise<Step[]> => {
    const { sites, close } = await plan(partners);
    close();
    return sites.flatMap((site) => site.steps);
  };
  const apply = async (partners: readonly Partner[]): Promise<Step[]> => {
    const done: Step[] = [];
    const planned = await plan(partners);
    await applyPlan(planned, (step) => void done.push(step));
    planned.close();
    return done;
  };
  const relay = partner('ljubljana', { mode: 'relay', endpoint: 'http://127.0.0.1:9/n', area: [13.75, 45.9, 14.2, 46.2] });
  const straight = partner('straight', {
    mode: 'subscription',
    endpoint: 'http://127.0.0.1:9/n',
    form: 'keyValues',
    throttling: 5,
    tenant: 'idrija',
    auth: { kind: 'token' },
  });

  beforeAll(async () => {
    broker = await startBroker({ port: 0, dbFile: ':memory:', profile });
    theirs = await startBroker({ port: 0, dbFile: ':memory:', profile });
    await ngsi('POST', '/subscriptions', {
      id: 'urn:ngsi-ld:Subscription:of-somebody-else',
      type: 'Subscription',
      entities: [{ type: 'WeatherObserved' }],
      notification: { endpoint: { uri: 'http://127.0.0.1:9/x' } },
    });
  });
  afterAll(async () => {
    caller.close();
    await broker.close();
    await theirs.close();
  });

  it('gets what is declared, and nothing the second time', async () => {
    expect((await steps([relay, straight])).map(({ action }) => action)).toEqual(['create', 'create']);
    expect((await ngsi('GET', `/subscriptions/${id}`)).status).toBe(404);
    expect(await apply([relay, straight])).toHaveLength(2);
    expect(await ngsi('GET', `/subscriptions/${id}`)).toMatchObject({
      status: 200,
      json: { watchedAttributes: ['temperature', 'location', 'windSpeed', 'refDevice'], notification: { sysAttrs: true } },
    });
    expect(await ngsi('GET', `/subscriptions/urn:ngsi-ld:Subscription:klavze:here:straight:WeatherObserved`)).toMatchObject({
      json: {
        throttling: 5,
        notification: {
          format: 'keyValues',
          endpoint: {
            receiverInfo: [
              { key: 'Authorization', value: `Bearer ${token}` },
              { key: 'NGSILD-Tenant', value: 'idrija' },
            ],
          },
        },
      },
    });
    expect(await apply([relay, straight])).toEqual([]);
  });

  it.each([
    ['paused', { isActive: false }, 'patch', /^isActive: false → true$/],
    [
      'told to go elsewhere',
      { notification: { endpoint: { uri: 'http://127.0.0.1:9/evil' } } },
      /patch|replace/,
      /^notification\.endpoint\.uri: "http:\/\/127\.0\.0\.1:9\/evil" → /,
    ],
    ['narrowed', { q: 'temperature>30' }, 'replace', /^q: "temperature>30" → nothing$/],
    ['given another selection', { watchedAttributes: ['temperature'] }, 'patch', /^watchedAttributes: /],
    ['slowed down', { throttling: 3600 }, 'replace', /^throttling: 3600 → nothing$/],
  ])('shows a subscription that was %s by hand, and puts it right', async (_what, change, action, expected) => {
    expect((await ngsi('PATCH', `/subscriptions/${id}`, change)).status).toBe(204);
    const [step, ...others] = await steps([relay, straight]);
    expect(others).toEqual([]);
    expect(step?.action).toMatch(action);
    expect(step?.changes).toContainEqual(expect.stringMatching(expected));
    expect(JSON.stringify(step?.changes)).not.toContain(token);
    await apply([relay, straight]);
    expect(await steps([relay, straight])).toEqual([]);
  });

  it('lets go of a partner that is gone, and of nobody else', async () => {
    const other = partner('ljubljana', {
      mode: 'relay',
      endpoint: 'http://127.0.0.1:9/n',
      entities: [{ type: 'AirQualityObserved', attributes: 'all' }],
    });
    expect((await apply([other])).map(({ action, partner: whose }) => `${action} ${whose}`).sort()).toEqual([
      'create ljubljana',
      'delete ljubljana',
      'delete straight',
    ]);
    expect((await ngsi('GET', '/subscriptions/urn:ngsi-ld:Subscription:of-somebody-else')).status).toBe(200);
    await apply([]);
    expect(((await ngsi('GET', '/subscriptions')).json as unknown[]).length).toBe(1);
  });

  it('leaves alone what another Klavže has at the same broker, and names it', async () => {
    await apply([relay]);
    const theirOwn = { partners: [straight], around: { ...around, instance: 'there' }, broker: { url: broker.url, caller } };
    const there = await planSharing(theirOwn);
    expect(there.sites[0]).toMatchObject({ others: ['here'], steps: [{ action: 'create' }] });
    await applyPlan(there, () => undefined);
    expect(await steps([relay])).toEqual([]);
    expect((await apply([])).map(({ id: gone }) => gone)).toEqual([id]);
    const last = await planSharing({ ...theirOwn, partners: [] });
    await applyPlan(last, () => undefined);
    expect(((await ngsi('GET', '/subscriptions')).json as unknown[]).length).toBe(1);
  });

  it('touches one partner alone where only that is asked for', async () => {
    await apply([relay, straight]);
    const { sites, close } = await plan([relay], 'ljubljana');
    close();
    expect(sites.flatMap((site) => site.steps)).toEqual([]);
    await expect(plan([relay], 'maribor')).rejects.toThrow('there is no partner "maribor"; known: ljubljana');
  });

  it('registers itself with a partner who pulls: inclusive and read-only', async () => {
    const pulling = partner('celje', { mode: 'federation', endpoint: theirs.url, auth: { kind: 'token' } });
    expect((await apply([relay, straight, pulling])).map(({ action }) => action)).toEqual(['create']);
    expect(await apply([relay, straight, pulling])).toEqual([]);
    const other = partner('celje', {
      mode: 'federation',
      endpoint: theirs.url,
      entities: [{ type: 'AirQualityObserved', attributes: 'all' }],
    });
    expect((await apply([relay, straight, other])).map(({ action }) => action)).toEqual(['create', 'delete']);
    await apply([relay, straight, pulling]);
    const path = '/ngsi-ld/v1/csourceRegistrations/urn:ngsi-ld:ContextSourceRegistration:klavze:here:celje:WeatherObserved';
    expect(await call(`${theirs.url}${path}`, 'GET')).toMatchObject({
      json: {
        mode: 'inclusive',
        operations: ['retrieveOps'],
        endpoint: 'https://data.example.org',
        information: [{ propertyNames: ['temperature', 'location', 'windSpeed'], relationshipNames: ['refDevice'] }],
      },
    });
  });

  it('refuses a registration that would make a loop', async () => {
    const pulling = partner('celje', { mode: 'federation', endpoint: theirs.url });
    const registration = {
      type: 'ContextSourceRegistration',
      information: [{ entities: [{ type: 'WeatherObserved' }] }],
      endpoint: theirs.url,
    };
    const created = await ngsi('POST', '/csourceRegistrations', { id: 'urn:ngsi-ld:ContextSourceRegistration:theirs', ...registration });
    expect(created.status).toBe(201);
    await expect(plan([pulling])).rejects.toThrow(/registration urn:ngsi-ld:ContextSourceRegistration:theirs\); both ways make a loop/);
    const ourselves = partner('celje', { mode: 'federation', endpoint: 'https://data.example.org/broker' });
    await expect(plan([ourselves])).rejects.toThrow(ConfigError);
  });
});
