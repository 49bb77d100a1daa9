import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { Registry } from 'prom-client';

import { ConfigError } from '../../../core/errors.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { replay } from '../../../core/outbox/replay.ts';
import type { Device } from '../../../core/plugin.ts';
import { startHttp, type HttpServer } from '../../../core/service/http.ts';
import { createIngest, type IngestSource } from '../../../core/service/ingest.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { createIntake } from '../../../core/source/intake.ts';

const token = 'a-token-of-more-than-16-characters';
const loaded = await loadKnowledge();
const devices = new Map<string, Device>();
const knowledge = { ...loaded, ...loaded.agents, device: ({ deviceId }: { deviceId: string }) => devices.get(deviceId) };
const clock = (): string => '2026-03-02T08:15:00.000Z';

let outbox: Outbox;
let server: HttpServer;
let isOpen = true;
const sources: Record<string, IngestSource> = Object.fromEntries(
  ['the-things-stack-v3', 'chirpstack-v4', 'netmore', 'loriot', 'actility-thingpark', 'klavze', 'airgradient'].map((name) => [
    name,
    { token, tokenInQuery: false },
  ]),
);
sources['sensor-community'] = { token, tokenInQuery: true };

beforeAll(async () => {
  const accept = (message: Parameters<ReturnType<typeof createIntake>>[0]) =>
    isOpen ? createIntake({ knowledge, outbox })(message) : undefined;
  const ingest = createIngest({ sources, envelopes: knowledge.envelopes, accept, clock });
  server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    registry: new Registry(),
    subjects: [],
    context: () => undefined,
    checks: () => ({}),
    routers: { '/ingest': ingest },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  outbox = createMemoryOutbox();
  isOpen = true;
  devices.clear();
  for (const id of ['idrija-17', '24e124713b000017', '123', '84fce612f5b8']) {
    devices.set(id, { id, family: 'air-quality', decoder: undefined, location: [14.03, 46] } as unknown as Device);
  }
});

function post(path: string, body: unknown, config: AxiosRequestConfig = {}): Promise<AxiosResponse> {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, ...config.headers };
  return axios.request({ method: 'POST', validateStatus: () => true, ...config, url: server.url + path, data: body, headers });
}

const own = { observedAt: '2026-03-02T08:14:30Z', readings: { pm10: 18 } };
const decoded = { temperature: 4.5 };

describe('what networks post', () => {
  it.each([
    ['/ingest/klavze/idrija-17', own],
    ['/ingest/klavze', { deviceId: 'idrija-17', ...own }],
    [
      '/ingest/the-things-stack-v3',
      { end_device_ids: { device_id: 'idrija-17' }, uplink_message: { f_port: 1, frm_payload: 'AA==', decoded_payload: decoded } },
    ],
    ['/ingest/chirpstack-v4?event=up', { deviceInfo: { devEui: '24e124713b000017' }, fPort: 1, data: 'AA==', object: decoded }],
    ['/ingest/loriot', { cmd: 'rx', EUI: '24E124713B000017', ts: 1772439299123, port: 1, data: '00', decoded }],
    [
      '/ingest/actility-thingpark',
      { DevEUI_uplink: { Time: '2026-03-02T09:14:59+01:00', DevEUI: '24E124713B000017', FPort: '1', payload_hex: '00', payload: decoded } },
    ],
    ['/ingest/sensor-community', { esp8266id: '123', sensordatavalues: [{ value_type: 'SDS_P1', value: '1.87' }] }],
    ['/ingest/airgradient/84fce612f5b8', { pm02: 3 }],
  ])('%s is in the outbox before the answer', async (path, body) => {
    const { status, data } = await post(path, JSON.stringify(body));
    expect([status, data]).toEqual([200, { entities: 2, refused: [] }]);
    expect(outbox.depth(clock()).count).toBe(2);
  });

  it('arrays of Netmore; frames without a decoder are kept and can be replayed', async () => {
    const frame = { devEui: '24E124713B000017', timestamp: '2026-03-02T08:14:59Z', payload: '0367f600', fPort: '85' };
    const { status, data } = await post('/ingest/netmore', JSON.stringify([frame]));
    expect(status).toBe(200);
    expect(data).toMatchObject({ entities: 0, refused: [{ code: 'unknown_model' }] });
    expect(outbox.deadLetters.list()[0]?.origin).toMatchObject({ plugin: 'agents/envelopes/netmore', from: 'ingest/netmore' });
    devices.set('24e124713b000017', { id: 'x', family: 'river-level', decoder: 'milesight-em500-udl', location: [14, 46], datum: 3 });
    const options = { outbox, agents: knowledge, adapters: loaded.adapters, clock };
    expect(await replay(outbox.deadLetters.list(), options)).toMatchObject({ letters: 1, replayed: 1 });
  });

  it('names the sensor of sensor.community by its header', async () => {
    const body = JSON.stringify({ sensordatavalues: [{ value_type: 'P1', value: '1.87' }] });
    expect((await post('/ingest/sensor-community', body, { headers: { 'X-Sensor': '123' } })).data).toMatchObject({ entities: 2 });
  });

  it('says which event a message without a measurement was', async () => {
    const body = { end_device_ids: { device_id: 'idrija-17' }, join_accept: {} };
    expect((await post('/ingest/the-things-stack-v3/join', JSON.stringify(body))).data).toEqual({
      entities: 1,
      event: 'join_accept',
      refused: [],
    });
  });

  it('reads a compressed body', async () => {
    const { data } = await post('/ingest/klavze/idrija-17', gzipSync(JSON.stringify(own)), { headers: { 'Content-Encoding': 'gzip' } });
    expect(data).toMatchObject({ entities: 2 });
  });
});

describe('what is not taken', () => {
  const kept = (): number => outbox.depth(clock()).count + outbox.deadLetters.count();

  it.each([
    ['no token', {}, 401],
    ['a wrong token', { Authorization: 'Bearer a-token-of-more-than-16-characterz' }, 401],
    ['the token as X-Token', { 'X-Token': token }, 200],
    ['the token as a password', { Authorization: `Basic ${Buffer.from(`klavze:${token}`).toString('base64')}` }, 200],
  ])('%s', async (_case, headers, expected) => {
    const config = { headers: { Authorization: undefined, ...headers } as Record<string, string> };
    const { status, data } = await post('/ingest/klavze/idrija-17', JSON.stringify(own), config);
    expect(status).toBe(expected);
    if (expected === 401) expect([kept(), data]).toEqual([0, { error: expect.stringContaining('Bearer') }]);
  });

  it('takes a token in the query only where that is allowed', async () => {
    const headers = { Authorization: undefined } as unknown as Record<string, string>;
    const body = JSON.stringify({ esp8266id: '123', sensordatavalues: [{ value_type: 'P1', value: '1.87' }] });
    expect((await post(`/ingest/sensor-community?token=${token}`, body, { headers })).status).toBe(200);
    expect((await post(`/ingest/klavze/idrija-17?token=${token}`, JSON.stringify(own), { headers })).status).toBe(401);
  });

  it('a network that is not configured, another method, another type', async () => {
    expect((await post('/ingest/senml', '[]')).status).toBe(404);
    expect((await post('/ingest/__proto__', '[]')).status).toBe(404);
    const got = await post('/ingest/klavze/idrija-17', undefined, { method: 'GET' });
    expect([got.status, got.headers['allow']]).toEqual([405, 'POST']);
    expect((await post('/ingest/klavze/idrija-17', 'a=1', { headers: { 'Content-Type': 'text/plain' } })).status).toBe(415);
    expect((await post('/ingest/klavze/idrija-17', '{}', { headers: { 'Content-Encoding': 'rot13' } })).status).toBe(415);
    expect(kept()).toBe(0);
  });

  it('a body beyond 1 MiB, also one that only unpacks to it', async () => {
    const large = JSON.stringify({ note: 'x'.repeat(1024 * 1024) });
    expect((await post('/ingest/klavze/idrija-17', large)).status).toBe(413);
    expect((await post('/ingest/klavze/idrija-17', gzipSync(large), { headers: { 'Content-Encoding': 'gzip' } })).status).toBe(413);
    expect(kept()).toBe(0);
  });

  it('a body that cannot be read is answered with 400 and kept', async () => {
    const { status, data } = await post('/ingest/klavze/idrija-17', '{"pm10":');
    expect(status).toBe(400);
    expect(data).toMatchObject({ refused: [{ code: 'malformed_payload' }] });
    expect((await post('/ingest/klavze/idrija-17', '')).status).toBe(400);
    expect(kept()).toBe(2);
  });

  it('nothing is taken while nothing can be kept', async () => {
    isOpen = false;
    const { status, headers } = await post('/ingest/klavze/idrija-17', JSON.stringify(own));
    expect([status, headers['retry-after']]).toEqual([503, '30']);
  });
});

describe('createIngest', () => {
  it('refuses to start with a network that nobody reads or that has no token', () => {
    const start = (faulty: Record<string, IngestSource>) => () =>
      createIngest({ sources: faulty, envelopes: knowledge.envelopes, accept: () => undefined, clock });
    expect(start({ sigfox: { token, tokenInQuery: false } })).toThrow(ConfigError);
    expect(start({ tasmota: { token, tokenInQuery: false } })).toThrow(ConfigError);
    expect(start({ netmore: { tokenInQuery: false } })).toThrow(/KLAVZE_INGEST_NETMORE_TOKEN/);
    expect(start({})).not.toThrow();
  });
});
