/** Commands to devices of the registry: from the change of an attribute to the network's message, and back to the entity. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import mqtt, { type MqttClient } from 'mqtt';

import { upAndReady, withoutAdapters, type Ended, type Urls } from './klavze.ts';

const children: ChildProcess[] = [];
const received: { readonly topic: string; readonly payload: string }[] = [];
let folder: string;
let running: { readonly urls: Urls; stop(): Promise<Ended> };
let client: MqttClient;

const interval = { name: 'interval', minimum: 60, maximum: 3600, hex: 'ff03{value:uint16le}', fPort: 85, confirmed: true };
const devices = [
  { id: 'gauge', family: 'river-level', datum: 4, commands: [interval] },
  { id: 'air', alsoKnownAs: ['24E124FFFE000017'], family: 'indoor', commands: [interval] },
  { id: 'own', family: 'indoor', commands: [{ name: 'interval', minimum: 60, maximum: 3600 }, { name: 'reboot' }] },
  { id: 'plug', family: 'indoor', commands: [{ name: 'state', values: ['ON', 'OFF'] }] },
  { id: 'ura', family: 'indoor', commands: [{ name: 'Power', values: ['on', 'off'] }] },
  {
    id: 'shelly1',
    family: 'energy',
    commands: [{ name: 'switch', values: [true, false], json: { method: 'Switch.Set', params: { id: 0, on: '{value}' } } }],
  },
  { id: 'bell', family: 'indoor', commands: [{ name: 'ring', values: ['loud'] }] },
  { id: 'fixed', family: 'indoor', commands: [{ name: 'mode', values: ['eco'], topic: 'plant/mode', text: 'mode={value}' }] },
  { id: 'mute', family: 'indoor', commands: [{ name: 'reboot' }] },
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-commands-'));
  const registry = { devices: devices.map((device) => ({ location: [14.03, 46], ...device })) };
  writeFileSync(join(folder, 'devices.yaml'), JSON.stringify(registry));
  writeFileSync(join(folder, 'klavze.yaml'), `provisioning: { commands: true }\n${withoutAdapters()}`);
  const ports = { KLAVZE_MQTT_PORT: '0', KLAVZE_BROKER_PORT: '0', KLAVZE_HTTP_PORT: '0' };
  running = await upAndReady({ KLAVZE_CONFIG: join(folder, 'klavze.yaml'), ...ports }, children);
  client = await mqtt.connectAsync(running.urls.mqtt);
  await client.subscribeAsync([
    'v3/+/devices/+/down/push',
    'application/+/device/+/command/down',
    'klavze/+/cmd',
    'zigbee2mqtt/+/set',
    'cmnd/#',
    '+/rpc',
    '/+/+/cmd',
    'plant/#',
  ]);
  client.on('message', (topic, payload) => received.push({ topic, payload: payload.toString() }));
}, 120_000);
afterAll(async () => {
  await client?.endAsync();
  await running?.stop();
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}, 60_000);

function publish(topic: string, payload: unknown) {
  return client.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), { qos: 1 });
}

function change(device: string, name: string, value: unknown) {
  const url = `${running.urls.http}/ngsi-ld/v1/entities/urn:ngsi-ld:Device:${device}/attrs/${name}`;
  return axios.patch<{ name?: string; message?: string }>(url, { type: 'Property', value }, { validateStatus: () => true });
}

/** The next message that was not taken yet. */
async function next(): Promise<{ readonly topic: string; readonly payload: string }> {
  for (let tries = 0; tries < 300; tries++) {
    const message = received.shift();
    if (message !== undefined) return message;
    await sleep(50);
  }
  throw new Error('no command came');
}

async function becomes(device: string, wanted: Record<string, unknown>): Promise<void> {
  let found: Record<string, unknown> = {};
  for (let tries = 0; tries < 300; tries++) {
    const { data } = await axios.get<Record<string, unknown>>(`${running.urls.broker}/ngsi-ld/v1/entities/urn:ngsi-ld:Device:${device}`, {
      params: { options: 'keyValues' },
      validateStatus: () => true,
    });
    found = Object.fromEntries(Object.entries(data).filter(([name]) => name in wanted));
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    await sleep(50);
  }
  expect(found).toEqual(wanted);
}

describe('a command', () => {
  it('goes through The Things Stack with its own answers', async () => {
    const ids = { end_device_ids: { device_id: 'gauge', application_ids: { application_id: 'reka' } } };
    await publish('v3/reka@ttn/devices/gauge/up', {
      ...ids,
      uplink_message: { f_port: 1, frm_payload: '', decoded_payload: { distance: 1200 }, received_at: new Date().toISOString() },
    });
    expect((await change('gauge', 'interval', 600)).status).toBe(204);
    const { topic, payload } = await next();
    expect(topic).toBe('v3/reka@ttn/devices/gauge/down/push');
    const [downlink] = (JSON.parse(payload) as { downlinks: { frm_payload: string; f_port: number; correlation_ids: string[] }[] })
      .downlinks;
    expect(downlink).toMatchObject({ frm_payload: '/wNYAg==', f_port: 85, confirmed: true });
    await becomes('gauge', { interval_status: 'PENDING' });
    const told = { ...downlink, session_key_id: 'AX' };
    await publish('v3/reka@ttn/devices/gauge/down/queued', { ...ids, correlation_ids: downlink?.correlation_ids, downlink_queued: told });
    await becomes('gauge', { interval_status: 'QUEUED' });
    const error = { namespace: 'ns', name: 'too_late', message_format: 'transmission too late' };
    await publish('v3/reka@ttn/devices/gauge/down/failed', { ...ids, downlink_failed: { downlink: told, error } });
    await becomes('gauge', { interval_status: 'ERROR', interval_info: 'transmission too late' });
    await publish('v3/reka@ttn/devices/gauge/down/ack', { ...ids, downlink_ack: told });
    await becomes('gauge', { interval_status: 'OK' });
  }, 60_000);

  it('goes through ChirpStack', async () => {
    const deviceInfo = { devEui: '24e124fffe000017' };
    const topic = 'application/7/device/24e124fffe000017';
    await publish(`${topic}/event/up`, { deviceInfo, time: new Date().toISOString(), fPort: 1, data: '', object: { temperature: 21 } });
    expect((await change('air', 'interval', '600')).status).toBe(204);
    const sent = await next();
    expect(sent.topic).toBe(`${topic}/command/down`);
    const item = JSON.parse(sent.payload) as { id: string };
    expect(item).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      devEui: '24e124fffe000017',
      confirmed: true,
      fPort: 85,
      data: '/wNYAg==',
    });
    await publish(`${topic}/event/txack`, { deviceInfo, queueItemId: item.id, time: new Date().toISOString() });
    await becomes('air', { interval_status: 'DELIVERED' });
    await publish(`${topic}/event/ack`, { deviceInfo, queueItemId: item.id, time: new Date().toISOString(), acknowledged: true });
    await becomes('air', { interval_status: 'OK' });
  }, 60_000);

  it('reaches a device of the sensor contract, which answers', async () => {
    await publish('klavze/own/status', { online: true });
    await becomes('own', {});
    expect((await change('own', 'interval', 120)).status).toBe(204);
    expect(await next()).toEqual({ topic: 'klavze/own/cmd', payload: '{"interval":120}' });
    await publish('klavze/own/cmdexe', { interval: { error: 'out of memory' } });
    await becomes('own', { interval_status: 'ERROR', interval_info: 'out of memory' });
    await publish('klavze/own/cmdexe', { interval: 120, unasked: 1 });
    await becomes('own', { interval_status: 'OK', interval_info: 120 });
  }, 60_000);

  it('is written as Zigbee2MQTT, Tasmota, Shelly and the IoT Agents take it', async () => {
    await publish('zigbee2mqtt/plug', { temperature: 20 });
    await publish('tele/ura/LWT', 'Online');
    await publish('shelly1/online', 'true');
    await publish('/json/key/bell/attrs', { temperature: 20 });
    expect((await change('plug', 'state', 'ON')).status).toBe(204);
    expect(await next()).toEqual({ topic: 'zigbee2mqtt/plug/set', payload: '{"state":"ON"}' });
    expect((await change('ura', 'Power', 'on')).status).toBe(204);
    expect(await next()).toEqual({ topic: 'cmnd/ura/Power', payload: 'on' });
    await publish('stat/ura/RESULT', { POWER: 'ON' });
    await becomes('ura', { Power_status: 'OK', Power_info: 'ON' });
    expect((await change('shelly1', 'switch', true)).status).toBe(204);
    const { topic, payload } = await next();
    expect(topic).toBe('shelly1/rpc');
    const call = JSON.parse(payload) as { id: string; src: string };
    expect(call).toMatchObject({ method: 'Switch.Set', params: { id: 0, on: true }, src: 'klavze/shelly1' });
    await publish(`${call.src}/rpc`, { id: call.id, src: 'shelly1', dst: call.src, error: { code: -105, message: 'no such component' } });
    await becomes('shelly1', { switch_status: 'ERROR', switch_info: 'no such component' });
    expect((await change('bell', 'ring', 'loud')).status).toBe(204);
    expect(await next()).toEqual({ topic: '/key/bell/cmd', payload: '{"ring":"loud"}' });
    await publish('/json/key/bell/cmdexe', { ring: 3 });
    await becomes('bell', { ring_status: 'OK', ring_info: 3 });
    expect((await change('fixed', 'mode', 'eco')).status).toBe(204);
    expect(await next()).toEqual({ topic: 'plant/mode', payload: 'mode=eco' });
  }, 60_000);

  it('comes as a notification of the broker, one command of an entity at a time', async () => {
    const notify = (...data: object[]) =>
      axios.post<{ sent: string[]; refused: object[] }>(`${running.urls.http}/commands/notify`, { type: 'Notification', data });
    const own = { id: 'urn:ngsi-ld:Device:own', type: 'Device', name: { type: 'Property', value: 'Naprava' } };
    const iri = 'https://uri.etsi.org/ngsi-ld/default-context/reboot';
    expect((await notify({ ...own, [iri]: { type: 'Property', value: true } })).data).toEqual({
      sent: ['urn:ngsi-ld:Device:own reboot'],
      refused: [],
    });
    expect(await next()).toMatchObject({ topic: 'klavze/own/cmd' });
    const both = await notify({ ...own, interval: { type: 'Property', value: 120 }, reboot: { type: 'Property', value: true } });
    expect(both.data.sent).toEqual([]);
    expect(both.data.refused).toHaveLength(2);
  }, 60_000);

  it('is refused outside the allow-list, and without a way', async () => {
    expect(await change('own', 'interval', 5)).toMatchObject({ status: 422, data: { name: 'VALUE_NOT_ALLOWED' } });
    expect(await change('own', 'format', 1)).toMatchObject({ status: 404, data: { name: 'COMMAND_NOT_FOUND' } });
    expect((await change('own', 'format', 1)).data.message).toContain('it allows interval, reboot');
    expect(await change('mute', 'reboot', true)).toMatchObject({ status: 409, data: { name: 'NO_WAY_DOWN' } });
    expect(await change('nobody', 'reboot', true)).toMatchObject({ status: 404 });
    expect(received).toEqual([]);
    const { stderr, code } = await running.stop();
    expect(code).toBe(0);
    const audit = stderr.split('\n').filter((line) => line.includes('command sent to a device'));
    expect(audit.length).toBe(9);
    expect(audit[0]).toContain('"device":"gauge"');
  }, 60_000);
});
