/** The requests of the FIWARE tutorials on IoT Agents (UltraLight, JSON, over MQTT), in their order, against `klavze up`. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import mqtt from 'mqtt';

import { upAndReady, withoutAdapters, type Ended, type Urls } from './klavze.ts';

const children: ChildProcess[] = [];
const apikey = '4jggokgpepnvsb2uv4s40d59ov';
const jsonKey = '1068318794';
const headers = { 'fiware-service': 'openiot', 'fiware-servicepath': '/' };
let folder: string;
let running: { readonly urls: Urls; stop(): Promise<Ended> };
/** The agents' ports: administration, and measures. */
let north: string;
let south: string;
let actuators: Server;
let endpoint: string;
const taken: { readonly path: string; readonly type: string | undefined; readonly body: string }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-tutorials-'));
  writeFileSync(join(folder, 'klavze.yaml'), `provisioning: { commands: true }\n${withoutAdapters()}`);
  actuators = createServer((request, response) => {
    void textOf(request).then((body) => {
      taken.push({ path: request.url ?? '', type: request.headers['content-type'], body });
      const [device = '', command = ''] = body.split(/[@|]/);
      if (request.url?.endsWith('broken')) response.writeHead(500).end();
      else response.end(body.startsWith('{') ? '{"on":" on OK"}' : `${device}@${command}| ${command} OK`);
    });
  });
  await new Promise<void>((resolve) => actuators.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(actuators.address() as AddressInfo).port}/iot`;
  const ports = [await freePort(), await freePort()];
  running = await upAndReady(
    {
      KLAVZE_CONFIG: join(folder, 'klavze.yaml'),
      KLAVZE_MQTT_PORT: '0',
      KLAVZE_BROKER_PORT: '0',
      KLAVZE_HTTP_PORT: '0',
      KLAVZE_PROVISIONING_PORTS: ports.join(','),
    },
    children,
  );
  [north = '', south = ''] = ports.map((port) => `http://127.0.0.1:${port}`);
}, 120_000);
afterAll(async () => {
  await running?.stop();
  for (const child of children) child.kill('SIGKILL');
  await new Promise((resolve) => actuators.close(resolve));
  rmSync(folder, { recursive: true });
}, 120_000);

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function call(method: string, url: string, data?: unknown, contentType = 'application/json') {
  return axios.request<Record<string, unknown>>({
    method,
    url,
    data,
    headers: { ...headers, ...(data === undefined ? {} : { 'Content-Type': contentType }) },
    validateStatus: () => true,
  });
}

/** The entity by short names, as soon as it has all of `wanted`, or as it is after ten seconds. */
async function entity(id: string, wanted: object): Promise<Record<string, unknown>> {
  for (let tries = 0; ; tries++) {
    const { data, status } = await axios.get<Record<string, unknown>>(`${running.urls.broker}/ngsi-ld/v1/entities/${id}`, {
      params: { options: 'keyValues' },
      validateStatus: () => true,
    });
    const found = Object.fromEntries(Object.entries(data).map(([name, value]) => [name.split('/').at(-1), value]));
    const isThere =
      status === 200 && Object.entries(wanted).every(([name, value]) => JSON.stringify(found[name]) === JSON.stringify(value));
    if (isThere || tries > 100) return found;
    await sleep(100);
  }
}

async function becomes(id: string, wanted: object): Promise<void> {
  expect(await entity(id, wanted)).toMatchObject(wanted);
}

const barn = { name: 'controlledAsset', type: 'Relationship', value: 'urn:ngsi-ld:Building:barn001' };
const store = { name: 'refStore', type: 'Relationship', value: 'urn:ngsi-ld:Store:001' };

describe('UltraLight over HTTP', () => {
  it('connects the agent and provisions a service group', async () => {
    expect(await call('GET', `${north}/iot/about`)).toMatchObject({ status: 200, data: { version: expect.any(String) as unknown } });
    const group = {
      apikey,
      cbroker: 'http://orion:1026',
      entity_type: 'Device',
      resource: '/iot/d',
      attributes: [
        { object_id: 'bpm', type: 'Property', name: 'heartRate', metadata: { unitCode: { type: 'Text', value: '5K' } } },
        { object_id: 's', name: 'status', type: 'Property' },
        { object_id: 'gps', name: 'location', type: 'geo:point' },
      ],
      static_attributes: [
        { name: 'category', type: 'Property', value: 'sensor' },
        { name: 'supportedProtocol', type: 'Property', value: 'ul20' },
      ],
    };
    expect((await call('POST', `${north}/iot/services`, { services: [group] })).status).toBe(201);
    expect((await call('GET', `${north}/iot/services?resource=/iot/d`)).data).toMatchObject({ count: 1, services: [{ apikey }] });
  });

  it('provisions a sensor and takes its measure, and that of a sensor nobody provisioned', async () => {
    const sensor = {
      device_id: 'temperature001',
      entity_name: 'urn:ngsi-ld:Device:temperature001',
      entity_type: 'Device',
      apikey,
      timezone: 'Europe/Berlin',
      attributes: [{ object_id: 't', name: 'temperature', type: 'Property', metadata: { unitCode: { type: 'Text', value: 'CEL' } } }],
      static_attributes: [barn],
    };
    expect((await call('POST', `${north}/iot/devices`, { devices: [sensor] })).status).toBe(201);
    expect((await call('POST', `${south}/iot/d?k=${apikey}&i=temperature001`, 't|3', 'text/plain')).status).toBe(200);
    await becomes('urn:ngsi-ld:Device:temperature001', {
      temperature: 3,
      category: 'sensor',
      supportedProtocol: 'ul20',
      controlledAsset: 'urn:ngsi-ld:Building:barn001',
    });
    expect((await call('POST', `${south}/iot/d?k=${apikey}&i=motion003`, 'c|1', 'text/plain')).status).toBe(200);
    await becomes('urn:ngsi-ld:Device:motion003', { c: 1 });
    expect((await call('POST', `${south}/iot/d?k=${apikey}&i=cow001`, 'bpm|64|s|grazing|gps|46.0,14.03', 'text/plain')).status).toBe(200);
    await becomes('urn:ngsi-ld:Device:cow001', { heartRate: 64, status: 'grazing', location: { type: 'Point', coordinates: [14.03, 46] } });
  }, 120_000);

  it('sends a command to the endpoint of an actuator and publishes what it answers', async () => {
    const commands = [
      { name: 'on', type: 'Property' },
      { name: 'off', type: 'Property' },
    ];
    const actuator = {
      device_id: 'water001',
      entity_name: 'urn:ngsi-ld:Device:water001',
      entity_type: 'Device',
      apikey,
      protocol: 'PDI-IoTA-UltraLight',
      transport: 'HTTP',
      endpoint: `${endpoint}/water001`,
      commands,
      static_attributes: [barn],
    };
    const broken = { ...actuator, device_id: 'water009', entity_name: 'urn:ngsi-ld:Device:water009', endpoint: `${endpoint}/broken` };
    expect((await call('POST', `${north}/iot/devices`, { devices: [actuator, broken] })).status).toBe(201);
    const change = { type: 'Property', value: ' ' };
    expect((await call('PATCH', `${north}/ngsi-ld/v1/entities/urn:ngsi-ld:Device:water001/attrs/on`, change)).status).toBe(204);
    await becomes('urn:ngsi-ld:Device:water001', { on_status: 'OK', on_info: 'on OK' });
    expect(taken).toEqual([{ path: '/iot/water001', type: 'text/plain', body: 'water001@on|' }]);
    expect((await call('PATCH', `${north}/ngsi-ld/v1/entities/urn:ngsi-ld:Device:water009/attrs/on`, change)).status).toBe(204);
    await becomes('urn:ngsi-ld:Device:water009', { on_status: 'ERROR' });
    const unknown = await call('PATCH', `${north}/ngsi-ld/v1/entities/urn:ngsi-ld:Device:water001/attrs/explode`, change);
    expect(unknown).toMatchObject({ status: 404, data: { name: 'COMMAND_NOT_FOUND' } });
    expect(unknown.data['message']).toContain('it has on, off');
  }, 120_000);

  it('lists, changes and deletes devices and groups', async () => {
    const other = { device_id: 'water002', entity_name: 'urn:ngsi-ld:Device:water002', entity_type: 'Device', apikey, transport: 'HTTP' };
    expect((await call('POST', `${north}/iot/devices`, { devices: [other] })).status).toBe(201);
    expect((await call('GET', `${north}/iot/devices/water002`)).data).toMatchObject({ device_id: 'water002', transport: 'HTTP' });
    expect((await call('PUT', `${north}/iot/devices/water002`, { entity_type: 'IoT-Device' })).status).toBe(204);
    expect((await call('GET', `${north}/iot/devices`)).data).toMatchObject({ count: 4 });
    expect((await call('DELETE', `${north}/iot/devices/water002`)).status).toBe(204);
    expect((await call('PUT', `${north}/iot/services?resource=/iot/d&apikey=${apikey}`, { attributes: [] })).status).toBe(204);
  });
});

describe('JSON over HTTP', () => {
  it('provisions, measures and commands as UltraLight does', async () => {
    const group = { apikey: jsonKey, cbroker: 'http://orion:1026', entity_type: 'Thing', resource: '/iot/json' };
    expect((await call('POST', `${north}/iot/services`, { services: [group] })).status).toBe(201);
    const motion = {
      device_id: 'motion001',
      entity_name: 'urn:ngsi-ld:Motion:001',
      entity_type: 'Motion',
      apikey: jsonKey,
      attributes: [{ object_id: 'c', name: 'count', type: 'Integer' }],
      static_attributes: [store],
    };
    const lamp = {
      device_id: 'lamp001',
      entity_name: 'urn:ngsi-ld:Lamp:001',
      entity_type: 'Lamp',
      apikey: jsonKey,
      protocol: 'PDI-IoTA-UltraLight',
      transport: 'HTTP',
      endpoint: `${endpoint}/lamp001`,
      commands: [{ name: 'on', type: 'command' }],
    };
    expect((await call('POST', `${north}/iot/devices`, { devices: [motion, lamp] })).status).toBe(201);
    expect((await call('POST', `${south}/iot/json?k=${jsonKey}&i=motion001`, { c: '1' })).status).toBe(200);
    await becomes('urn:ngsi-ld:Motion:001', { count: 1, refStore: 'urn:ngsi-ld:Store:001' });
    const update = { actionType: 'update', entities: [{ type: 'Lamp', id: 'urn:ngsi-ld:Lamp:001', on: { type: 'command', value: '' } }] };
    expect((await call('POST', `${north}/v2/op/update`, update)).status).toBe(204);
    await becomes('urn:ngsi-ld:Lamp:001', { on_status: 'OK', on_info: ' on OK' });
    expect(taken.at(-1)).toEqual({ path: '/iot/lamp001', type: 'application/json', body: '{"on":""}' });
  }, 120_000);
});

describe('over MQTT', () => {
  it('takes measures on both topics, sends commands and reads their results', async () => {
    const mqttKey = 'mqtt40d59ov';
    const group = { apikey: mqttKey, cbroker: 'http://orion:1026', entity_type: 'Thing', resource: '' };
    const tenant = { ...headers, 'fiware-servicepath': '/mqtt' };
    const post = (path: string, data: unknown) => axios.post(`${north}${path}`, data, { headers: tenant });
    expect((await post('/iot/services', { services: [group] })).status).toBe(201);
    const common = { protocol: 'PDI-IoTA-UltraLight', transport: 'MQTT', static_attributes: [store] };
    const devices = [
      {
        ...common,
        device_id: 'motion002',
        entity_name: 'urn:ngsi-ld:Motion:002',
        entity_type: 'Motion',
        attributes: [{ object_id: 'c', name: 'count', type: 'Integer' }],
      },
      {
        ...common,
        device_id: 'bell001',
        entity_name: 'urn:ngsi-ld:Bell:001',
        entity_type: 'Bell',
        commands: [{ name: 'ring', type: 'command' }],
      },
    ];
    expect((await post('/iot/devices', { devices })).status).toBe(201);
    const device = await mqtt.connectAsync(running.urls.mqtt);
    await device.publishAsync(`/${mqttKey}/motion002/attrs`, 'c|1', { qos: 1 });
    await becomes('urn:ngsi-ld:Motion:002', { count: 1 });
    await device.publishAsync(`/ul/${mqttKey}/motion002/attrs`, 'c|2', { qos: 1 });
    await becomes('urn:ngsi-ld:Motion:002', { count: 2 });
    await device.subscribeAsync(`/${mqttKey}/bell001/cmd`);
    device.on('message', (_topic, payload) => {
      device.publish(`/ul/${mqttKey}/bell001/cmdexe`, `${payload.toString().replace(/\|.*/, '')}|ring OK`, { qos: 1 });
    });
    const update = { actionType: 'update', entities: [{ type: 'Bell', id: 'urn:ngsi-ld:Bell:001', ring: { type: 'command', value: '' } }] };
    expect((await call('POST', `${north}/v2/op/update`, update)).status).toBe(204);
    await becomes('urn:ngsi-ld:Bell:001', { ring_status: 'OK', ring_info: 'ring OK' });

    // The same at the context broker, which forwards it: the bell is registered there soon after it was provisioned.
    device.removeAllListeners('message').on('message', (_topic, payload) => {
      device.publish(`/ul/${mqttKey}/bell001/cmdexe`, `${payload.toString().replace(/\|.*/, '')}|by the broker`, { qos: 1 });
    });
    const attribute = `${running.urls.broker}/ngsi-ld/v1/entities/urn:ngsi-ld:Bell:001/attrs/ring`;
    const patch = () => axios.patch(attribute, { type: 'Property', value: ' ' }, { validateStatus: () => true });
    let answer = await patch();
    for (let tries = 0; answer.status !== 204 && tries < 100; tries++) {
      await sleep(100);
      answer = await patch();
    }
    expect(answer.status).toBe(204);
    await becomes('urn:ngsi-ld:Bell:001', { ring_status: 'OK', ring_info: 'by the broker' });
    const metrics = (await axios.get<string>(`${running.urls.http}/metrics`)).data;
    expect(metrics).toMatch(/klavze_commands_total\{result="ok"\} [1-9]/);
    expect(metrics).toMatch(/klavze_commands_total\{result="refused"\} [1-9]/);
    expect(await entity('urn:ngsi-ld:Bell:001', {})).not.toHaveProperty('ring');
    const list = `${running.urls.broker}/ngsi-ld/v1/csourceRegistrations?type=Bell`;
    const registered = async () => (await axios.get<unknown[]>(list)).data;
    expect(await registered()).toMatchObject([{ mode: 'exclusive', information: [{ propertyNames: ['ring'] }] }]);
    expect((await axios.delete(`${north}/iot/devices/bell001`, { headers: tenant })).status).toBe(204);
    for (let tries = 0; (await registered()).length > 0 && tries < 100; tries++) await sleep(100);
    expect(await registered()).toEqual([]);
    await device.endAsync();
  }, 120_000);
});
