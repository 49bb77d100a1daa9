import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import axios, { type AxiosInstance } from 'axios';
import express from 'express';

import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { AgentKnowledge } from '../../../core/pipeline.ts';
import type { Device, MqttMessage } from '../../../core/plugin.ts';
import { createMeasures } from '../../../core/provision/measures.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { createIntake } from '../../../core/source/intake.ts';

const receivedAt = '2026-03-02T08:15:00.000Z';
const t = '2026-03-02T08:00:00.000Z';
const address = 'k=k1&i=postaja-1';
const station: Device = { id: 'postaja-1', family: 'air-quality', location: [14.03, 46] };

let server: Server;
let http: AxiosInstance;
let seen: MqttMessage[];
let measured: [string, number, string][];

beforeAll(async () => {
  const knowledge = await loadKnowledge();
  const agents: AgentKnowledge = {
    ...knowledge,
    ...knowledge.agents,
    device: ({ deviceId }) => (deviceId === station.id ? station : undefined),
  };
  const intake = createIntake({ knowledge: agents, outbox: createMemoryOutbox() });
  const accept = async (message: MqttMessage) => {
    seen.push(message);
    const passage = await intake(message);
    measured.push(...passage.readings.map(({ quantity, value, observedAt }): [string, number, string] => [quantity, value, observedAt]));
    return passage;
  };
  const router = createMeasures({ knows: (apikey) => apikey === 'k1', accept, clock: () => receivedAt });
  server = createServer(express().use('/iot', router));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  http = axios.create({
    baseURL,
    validateStatus: () => true,
    headers: { 'content-type': 'application/json' },
    transformRequest: (data: unknown) => data,
  });
});
beforeEach(() => {
  seen = [];
  measured = [];
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const text = { headers: { 'content-type': 'text/plain' } };

describe('measures over HTTP as the IoT Agents take them', () => {
  it('are an object, or an array of which each has the time of the address where it has none', async () => {
    expect((await http.post(`/iot/json?${address}`, '{"pm10":12}')).data).toEqual({});
    await http.post(`/iot/json?${address}&t=${t}`, `[{"pm10":13},{"pm10":14,"TimeInstant":"2026-03-02T07:45:00Z"}]`);
    expect(measured).toEqual([
      ['pm10', 12, receivedAt],
      ['pm10', 13, t],
      ['pm10', 14, '2026-03-02T07:45:00.000Z'],
    ]);
  });

  it('stand in the address too', async () => {
    expect((await http.get(`/iot/json?${address}&t=${t}&d=${encodeURIComponent('{"pm10":12}')}`)).status).toBe(200);
    expect((await http.get(`/iot/d?${address}&t=${t}&d=${encodeURIComponent('pm10|13|no2|4')}`)).status).toBe(200);
    expect(measured).toEqual([
      ['pm10', 12, t],
      ['pm10', 13, t],
      ['no2', 4, t],
    ]);
  });

  it.each([
    ['21.5', 'application/json', 'temperature'],
    [' 21.5 ', 'text/plain', 'temperature'],
    ['"21.5 °C"', 'application/json', 'temperature'],
    ['21.5 °C', 'text/plain', 'temperature'],
  ])('are one value %s of the type %s', async (body, type, name) => {
    const headers = { 'content-type': type };
    expect((await http.post(`/iot/json/attrs/${name}?${address}&t=${t}`, body, { headers })).status).toBe(200);
    expect(measured).toEqual([['airTemperature', 21.5, t]]);
  });

  it('of bytes and of names of objects do no harm', async () => {
    const headers = { 'content-type': 'application/octet-stream' };
    await http.post(`/iot/json/attrs/temperature?${address}`, Buffer.from([0x21, 0x50]), { headers });
    expect(seen.map(({ payload }) => Buffer.from(payload).toString())).toEqual(['{"temperature":"2150"}']);
    expect((await http.post(`/iot/json/attrs/__proto__?${address}`, '{"pm10":1}')).status).toBe(400);
    expect(({} as Record<string, unknown>)['pm10']).toBeUndefined();
  });

  it('are groups of UltraLight, each with its own time or that of the address', async () => {
    await http.post(`/iot/d?${address}&t=${t}`, 'pm10|12#2026-03-02T07:45:00Z|pm10|13', text);
    expect(measured).toEqual([
      ['pm10', 12, t],
      ['pm10', 13, '2026-03-02T07:45:00.000Z'],
    ]);
  });

  it('say what is wrong', async () => {
    expect(await http.post('/iot/json?k=k1', '{}')).toMatchObject({ status: 400, data: { name: 'MANDATORY_PARAMS_NOT_FOUND' } });
    expect(await http.post('/iot/json?k=k2&i=x', '{}')).toMatchObject({ status: 404, data: { name: 'DEVICE_GROUP_NOT_FOUND' } });
    expect(await http.post('/iot/json?k=k1&i=x', '{"pm10":1}')).toMatchObject({ status: 404, data: { name: 'DEVICE_NOT_FOUND' } });
    expect(await http.post(`/iot/json?${address}`, '{"pm10"')).toMatchObject({ status: 400, data: { name: 'WRONG_SYNTAX' } });
    expect(await http.get(`/iot/d?${address}`)).toMatchObject({ status: 400 });
    expect(await http.post(`/iot/json?${address}&t=yesterday`, '{"pm10":1}')).toMatchObject({ status: 400 });
    expect(measured).toEqual([]);
  });

  it('may ask for commands, of which none come this way, and answer those that came over MQTT', async () => {
    expect((await http.get(`/iot/json?${address}&getCmd=1`)).data).toEqual({});
    expect(seen).toEqual([]);
    expect((await http.post(`/iot/json/commands?${address}`, '{"ring":"done"}')).status).toBe(200);
    expect((await http.post(`/iot/d/commands?${address}`, 'postaja-1@ring|done', text)).status).toBe(200);
    expect(seen.map(({ topic }) => topic)).toEqual(['/json/k1/postaja-1/cmdexe', '/ul/k1/postaja-1/cmdexe']);
  });
});
