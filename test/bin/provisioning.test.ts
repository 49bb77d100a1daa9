import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import mqtt from 'mqtt';

import { klavze, upAndReady, withoutAdapters } from './klavze.ts';

let folder: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-provisioning-'));
  writeFileSync(join(folder, 'klavze.yaml'), withoutAdapters());
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function up(extra: Record<string, string> = {}) {
  const config = { KLAVZE_CONFIG: join(folder, 'klavze.yaml') };
  const ports = { KLAVZE_MQTT_PORT: '0', KLAVZE_BROKER_PORT: '0', KLAVZE_HTTP_PORT: '0' };
  return upAndReady({ ...config, ...ports, ...extra }, children);
}

const tenant = { 'fiware-service': 'openiot', 'fiware-servicepath': '/' };

function client(base: string, headers: Record<string, string> = tenant) {
  return axios.create({ baseURL: base, headers, validateStatus: () => true });
}

async function entity(broker: string, id: string, isEnough: (found: Record<string, unknown>) => boolean) {
  for (let tries = 0; ; tries++) {
    const { data, status } = await axios.get<Record<string, unknown>>(`${broker}/ngsi-ld/v1/entities/${id}`, {
      validateStatus: () => true,
    });
    if ((status === 200 && isEnough(data)) || tries > 100) return data;
    await sleep(100);
  }
}

describe('the provisioning API of the IoT Agents', () => {
  it('takes service groups, devices and measures as the tutorials write them, and keeps them over a restart', async () => {
    const first = await up();
    const http = client(first.urls.http);
    const apikey = '4jggokgpepnvsb2uv4s40d59ov';
    const services = { services: [{ apikey, cbroker: 'http://orion:1026', entity_type: 'Thing', resource: '/iot/d' }] };
    expect((await http.post('/iot/services', services)).status).toBe(201);
    expect(await http.post('/iot/services', services)).toMatchObject({ status: 409, data: { name: 'DUPLICATE_GROUP' } });
    const json = { services: [{ apikey: '1068318794', entity_type: 'Tractor', resource: '/iot/json' }] };
    expect((await http.post('/iot/services', json)).status).toBe(201);
    expect((await http.get<unknown>('/iot/services')).data).toMatchObject({
      count: 2,
      services: [{ apikey, service: 'openiot', subservice: '/' }, {}],
    });

    const devices = {
      devices: [
        {
          device_id: 'temperature001',
          entity_name: 'urn:ngsi-ld:Device:temperature001',
          entity_type: 'Device',
          timezone: 'Europe/Berlin',
          attributes: [{ object_id: 't', name: 'temperature', type: 'Property', metadata: { unitCode: { type: 'Text', value: 'CEL' } } }],
          static_attributes: [
            { name: 'category', type: 'Property', value: ['sensor'] },
            { name: 'controlledAsset', type: 'Relationship', value: 'urn:ngsi-ld:Building:barn001' },
          ],
        },
      ],
    };
    expect((await http.post('/iot/devices', devices)).status).toBe(201);
    expect(await http.post('/iot/devices', devices)).toMatchObject({ status: 409, data: { name: 'DUPLICATE_DEVICE_ID' } });
    expect((await http.get('/iot/devices/temperature001')).data).toMatchObject({ device_id: 'temperature001', entity_type: 'Device' });

    const text = { headers: { 'content-type': 'text/plain' } };
    expect((await http.post(`/iot/d?k=${apikey}&i=temperature001`, 't|3', text)).status).toBe(200);
    const device = await entity(first.urls.broker, 'urn:ngsi-ld:Device:temperature001', () => true);
    const inDevice = Object.entries(device).find(([name]) => /temperature$/.test(name))?.[1];
    expect(inDevice).toMatchObject({ type: 'Property', value: 3, unitCode: 'CEL' });
    const asset = Object.entries(device).find(([name]) => /controlledAsset$/.test(name))?.[1];
    expect(asset).toEqual({ type: 'Relationship', object: 'urn:ngsi-ld:Building:barn001' });

    const measure = { heartRate: 64, status: 'grazing', location: { type: 'Point', coordinates: [14.03, 46] } };
    expect((await http.post('/iot/json?k=1068318794&i=tractor-7', measure)).status).toBe(200);
    expect(await entity(first.urls.broker, 'urn:ngsi-ld:Tractor:tractor-7', () => true)).toMatchObject({
      type: 'Tractor',
      heartRate: { value: 64 },
      status: { value: 'grazing' },
    });
    expect(await http.post('/iot/json?k=nobody&i=tractor-7', measure)).toMatchObject({
      status: 404,
      data: { name: 'DEVICE_GROUP_NOT_FOUND' },
    });
    expect(
      (await http.post('/iot/json?k=1068318794&i=tractor-7', '{"a":', { headers: { 'content-type': 'application/json' } })).status,
    ).toBe(400);
    const listed = await klavze(['device', 'list', '--json'], { KLAVZE_CONFIG: join(folder, 'klavze.yaml') });
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: 'temperature001', family: 'provisioned as Device' }]);
    expect((await first.stop()).code).toBe(0);

    const again = await up();
    const publisher = await mqtt.connectAsync(again.urls.mqtt);
    await publisher.publishAsync(`/ul/${apikey}/temperature001/attrs`, 't|4.5', { qos: 1 });
    await publisher.publishAsync('/json/1068318794/tractor-7/attrs', '{"heartRate":70}', { qos: 1 });
    await publisher.endAsync();
    const valueOf = (found: Record<string, unknown>) => (found['heartRate'] as { value?: number } | undefined)?.value;
    expect(valueOf(await entity(again.urls.broker, 'urn:ngsi-ld:Tractor:tractor-7', (found) => valueOf(found) === 70))).toBe(70);
    const later = client(again.urls.http);
    expect((await later.put('/iot/devices/temperature001', { timezone: 'Europe/Ljubljana' })).status).toBe(204);
    expect((await later.get('/iot/devices/temperature001')).data).toMatchObject({ timezone: 'Europe/Ljubljana' });
    expect((await later.delete('/iot/devices/temperature001')).status).toBe(204);
    expect(await later.get('/iot/devices/temperature001')).toMatchObject({ status: 404, data: { name: 'DEVICE_NOT_FOUND' } });
    expect((await later.put(`/iot/services?resource=/iot/d&apikey=${apikey}`, { entity_type: 'Device' })).status).toBe(204);
    expect((await later.delete(`/iot/services?resource=/iot/d&apikey=${apikey}`)).status).toBe(204);
    expect(await later.delete(`/iot/services?resource=/iot/d&apikey=${apikey}`)).toMatchObject({ status: 404 });
    expect((await later.get<{ count: number }>('/iot/services')).data.count).toBe(1);
    expect((await again.stop()).code).toBe(0);
  }, 120_000);

  it('says what is missing, and asks for the token where one is set', async () => {
    const running = await up({ KLAVZE_PROVISIONING_TOKEN: 'a-token-of-sixteen', KLAVZE_DATA_DIR: join(folder, 'with-token') });
    const { http } = running.urls;
    expect((await client(http).get('/iot/services')).status).toBe(401);
    const token = { 'x-auth-token': 'a-token-of-sixteen' };
    expect(await client(http, token).get('/iot/services')).toMatchObject({ status: 400, data: { name: 'MISSING_HEADERS' } });
    const known = client(http, { ...tenant, authorization: 'Bearer a-token-of-sixteen' });
    expect((await known.get('/iot/about')).data).toMatchObject({ name: 'klavze' });
    const wrong = await known.post<{ name: string; message: string }>('/iot/services', {
      services: [{ entity_type: 'Thing', apikey: 'a/b' }],
    });
    expect(wrong).toMatchObject({ status: 400, data: { name: 'WRONG_SYNTAX' } });
    expect(wrong.data.message).toContain('/services/0/apikey');
    expect((await known.post('/iot/devices', { devices: [{ device_id: 'x', attributes: [{ name: 'type', type: 'Text' }] }] })).status).toBe(
      400,
    );
    await running.stop();
  }, 120_000);

  it('sends provisioned commands to a device and publishes what it answers, where they are allowed', async () => {
    const config = join(folder, 'commands.yaml');
    writeFileSync(config, `provisioning: { commands: true }\n${withoutAdapters()}`);
    const running = await up({ KLAVZE_CONFIG: config, KLAVZE_DATA_DIR: join(folder, 'commands') });
    const http = client(running.urls.http);
    const commands = [{ name: 'ring', type: 'command' }];
    await http.post('/iot/services', { services: [{ apikey: 'k1', entity_type: 'Bell', resource: '/iot/d' }] });
    await http.post('/iot/devices', {
      devices: [{ device_id: 'bell001', entity_name: 'urn:ngsi-ld:Bell:001', transport: 'MQTT', commands }],
    });
    const device = await mqtt.connectAsync(running.urls.mqtt);
    await device.subscribeAsync('/k1/bell001/cmd');
    const received = new Promise<string>((resolve) => device.once('message', (_topic, payload) => resolve(payload.toString())));
    const sent = await http.patch('/ngsi-ld/v1/entities/urn:ngsi-ld:Bell:001/attrs/ring', { type: 'Property', value: 'loud' });
    expect(sent.status).toBe(204);
    expect(await received).toBe('bell001@ring|loud');
    const statusOf = (found: Record<string, unknown>) => (found['ring_status'] as { value?: string } | undefined)?.value;
    expect(statusOf(await entity(running.urls.broker, 'urn:ngsi-ld:Bell:001', () => true))).toBe('PENDING');
    await device.publishAsync('/ul/k1/bell001/cmdexe', 'bell001@ring|ring OK', { qos: 1 });
    await device.endAsync();
    const answered = await entity(running.urls.broker, 'urn:ngsi-ld:Bell:001', (found) => statusOf(found) === 'OK');
    expect(answered).toMatchObject({ ring_status: { value: 'OK' }, ring_info: { value: 'ring OK' } });
    expect(await http.patch('/ngsi-ld/v1/entities/urn:ngsi-ld:Bell:001/attrs/open', { value: 1 })).toMatchObject({ status: 404 });
    await running.stop();
  }, 120_000);
});
