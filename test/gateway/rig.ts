/** A gateway in this process before an embedded broker, with data of all levels, and an issuer of tokens. */
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { Registry } from 'prom-client';

import { hiddenEntities } from '../../core/access/hidden.ts';
import { contextFor } from '../../core/entity/contexts.ts';
import type { Device } from '../../core/plugin.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { loadAgents } from '../../core/service/plugins.ts';
import { createLogger } from '../../core/service/log.ts';
import { startBroker, type Broker } from '../../embedded/ngsi-ld/server.ts';
import { startGateway, type GatewaySettings } from '../../gateway/start.ts';

const models = loadModels();
const { families } = await loadAgents();

/** Serves contexts, and keys as an OpenID Connect provider does. */
export interface Issuing {
  readonly url: string;
  token(
    claims?: JWTPayload,
    options?: { readonly alg?: string; readonly key?: Parameters<SignJWT['sign']>[0]; readonly expires?: string; readonly kid?: string },
  ): Promise<string>;
  close(): Promise<void>;
}

export async function startIssuing(): Promise<Issuing> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const server: Server = createServer((req, res) => {
    const subject = /^\/contexts\/([a-z-]+)\.jsonld$/.exec(req.url ?? '')?.[1];
    const documents: Record<string, unknown> = {
      '/keys': { keys: [jwk] },
      '/realms/idrija/.well-known/openid-configuration': { issuer: `${url}/realms/idrija`, jwks_uri: `${url}/keys` },
    };
    const document = subject === undefined ? documents[req.url ?? ''] : contextFor(subject, models);
    res.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token: (claims = {}, { alg = 'RS256', key = privateKey, expires = '5m', kid = 'one' } = {}) =>
      new SignJWT({ iss: `${url}/realms/idrija`, aud: 'klavze', sub: 'ana', ...claims })
        .setProtectedHeader({ alg, kid })
        .setIssuedAt()
        .setExpirationTime(expires)
        .sign(key),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export const roles = (...names: string[]): JWTPayload => ({ realm_access: { roles: names } });

export interface Rig {
  readonly broker: Broker;
  readonly url: string;
  readonly folder: string;
  readonly registry: Registry;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly issuing: Issuing;
  readonly profile?: 'strict' | 'orion';
  /** What an open caller must not notice: other values, other entities, other times. */
  readonly hidden?: 'a' | 'b';
  readonly settings?: Partial<GatewaySettings>;
}

const devices: Device[] = [
  { id: 'trg', family: 'air-quality', location: [14.02, 46] },
  { id: 'skrit', family: 'air-quality', location: [14.03, 46], access: 'internal' },
  { id: 'vodomer.1', family: 'water-meter', location: [14.04, 46] },
];

export async function createRig({ issuing, profile = 'strict', hidden = 'a', settings = {} }: RigOptions): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-gateway-'));
  let now = '2026-05-01T08:00:00.000Z';
  const broker = await startBroker({ port: 0, dbFile: ':memory:', profile, clock: () => now });
  const context = (subject: string): string => `${issuing.url}/contexts/${subject}.jsonld`;
  const put = async (
    subject: string,
    at: string,
    entities: readonly object[],
    path = 'entityOperations/upsert?options=update',
  ): Promise<void> => {
    now = at;
    const reply = await fetch(`${broker.url}/ngsi-ld/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', link: `<${context(subject)}>; rel="http://www.w3.org/ns/json-ld#context"` },
      body: JSON.stringify(entities),
    });
    if (reply.status >= 300 || reply.status === 207) throw new Error(`${reply.status} ${await reply.text()}`);
  };
  await fill(put, hidden);
  const registry = new Registry();
  const known = hiddenEntities(devices, families, models);
  const gateway = await startGateway({
    settings: {
      host: '127.0.0.1',
      port: 0,
      trustProxy: false,
      pageSize: 500,
      openPerMinute: 1_000_000,
      tokenPerMinute: 1_000_000,
      atOnce: 64,
      timeoutSeconds: 10,
      auditDays: 30,
      issuers: [
        {
          issuer: `${issuing.url}/realms/idrija`,
          audience: 'klavze',
          algorithms: ['RS256', 'ES256'],
          claim: 'realm_access.roles',
          levels: { partner: ['klavze-partner'], internal: ['klavze-internal'] },
        },
      ],
      ...settings,
    },
    broker: { url: broker.url },
    contexts: { upstream: context, shown: (subject) => `https://podatki.example/contexts/${subject}.jsonld` },
    models,
    hidden: () => known,
    dataDir: folder,
    registry,
    logger: createLogger('fatal'),
  });
  return {
    broker,
    url: `${gateway.url}/ngsi-ld/v1`,
    folder,
    registry,
    async close() {
      await gateway.close();
      await broker.close();
      rmSync(folder, { recursive: true });
    },
  };
}

type Put = (subject: string, at: string, entities: readonly object[]) => Promise<void>;

const property = (value: unknown, more: object = {}): object => ({ type: 'Property', value, ...more });
const at = (hour: string): object => ({ observedAt: `2026-05-01T${hour}:00:00Z` });
const place = (longitude: number): object => ({ type: 'GeoProperty', value: { type: 'Point', coordinates: [longitude, 46] } });

/** The same for everybody to see in both variants; the rest differs. */
async function fill(put: Put, hidden: 'a' | 'b'): Promise<void> {
  const isA = hidden === 'a';
  const air = (id: string, pm10: number, longitude: number, more: object = {}): object => ({
    id: `urn:ngsi-ld:AirQualityObserved:${id}`,
    type: 'AirQualityObserved',
    name: property(id),
    pm10: property(pm10, { unitCode: 'GQ', ...at('08'), status: property('suspect'), batch: property(isA ? 1 : 2) }),
    dateObserved: property('2026-05-01T08:00:00Z'),
    location: place(longitude),
    address: property({ addressLocality: 'Idrija' }),
    refDevice: { type: 'Relationship', object: `urn:ngsi-ld:Device:${id}` },
    ...more,
  });
  await put('environment', '2026-05-01T08:00:00.000Z', [air('trg', 20, 14.02), air('most', 40, 14.05), air('rudnik', 60, 14.1)]);
  await put('weather', '2026-05-01T08:00:00.000Z', [
    { id: 'urn:ngsi-ld:WeatherObserved:arso:1', type: 'WeatherObserved', temperature: property(12, at('08')), location: place(14) },
  ]);
  // From here on: of partners and of the municipality.
  await put('environment', isA ? '2026-05-01T09:00:00.000Z' : '2026-05-02T10:00:00.000Z', [
    {
      id: 'urn:ngsi-ld:AirQualityObserved:trg',
      type: 'AirQualityObserved',
      charge: property(isA ? 3.6 : 1.2, at(isA ? '09' : '11')),
      owner: property(isA ? ['Ana'] : ['Bor']),
      secret: property(isA ? 5 : 500),
      shelter: place(isA ? 14.02 : 15),
    },
    ...(isA ? [air('skrit', 999, 14.03)] : []),
    ...(isA ? [{ id: 'urn:ngsi-ld:IndoorEnvironmentObserved:sola', type: 'IndoorEnvironmentObserved', co2: property(900, at('09')) }] : []),
  ]);
  await put('device', '2026-05-01T09:30:00.000Z', [
    {
      id: 'urn:ngsi-ld:Device:trg',
      type: 'Device',
      batteryLevel: property(isA ? 0.9 : 0.1),
      ipAddress: property([isA ? '10.0.0.1' : '10.9.9.9']),
    },
    ...(isA ? [{ id: 'urn:ngsi-ld:Device:vodomer.1', type: 'Device', batteryLevel: property(0.5), location: place(14.04) }] : []),
  ]);
  await put('water-consumption', '2026-05-01T10:00:00.000Z', [
    ...(isA
      ? []
      : [
          {
            id: 'urn:ngsi-ld:WaterConsumptionObserved:vodomer.1',
            type: 'WaterConsumptionObserved',
            waterConsumption: property(12, at('10')),
          },
        ]),
    {
      id: 'urn:ngsi-ld:WaterConsumptionObserved:drugi',
      type: 'WaterConsumptionObserved',
      waterConsumption: property(isA ? 1 : 2, at('10')),
    },
  ]);
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
  readonly text: string;
}

export async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
  const reply = await fetch(url, init);
  const text = await reply.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status: reply.status, body, headers: reply.headers, text };
}

export const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });
