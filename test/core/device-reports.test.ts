import { beforeAll, describe, expect, it } from '@jest/globals';

import type { AgentKnowledge } from '../../core/pipeline.ts';
import { loadDevices, type DeviceRegistry } from '../../core/service/devices.ts';
import { loadKnowledge, type LoadedKnowledge } from '../../core/service/knowledge.ts';
import { receive } from '../../core/source/intake.ts';
import { findEnvelope } from '../../core/source/topic-index.ts';

const now = '2026-05-01T10:00:00.000Z';
let knowledge: LoadedKnowledge;
beforeAll(async () => {
  knowledge = await loadKnowledge();
});

function registryOf(...entries: readonly object[]): DeviceRegistry {
  const place = { family: 'indoor', location: [14.03, 46] };
  return loadDevices(JSON.stringify({ devices: entries.map((entry) => ({ ...place, ...entry })) }), 'devices.json', knowledge.agents);
}

/** One message through the line; a text as it is, anything else as JSON. */
function pass(topic: string, payload: unknown, registry: DeviceRegistry) {
  const accounts: AgentKnowledge = {
    ...knowledge,
    ...knowledge.agents,
    device: (uplink) => registry.device(uplink),
    partsOf: (id) => registry.partsOf(id),
  };
  const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  const message = { topic, payload: bytes, receivedAt: now };
  const passage = receive(message, findEnvelope(accounts.envelopes)(topic), accounts);
  return { ...passage, entities: passage.publications.map(({ entity }) => entity) };
}

const state = (value: string) => ({ type: 'Property', value, observedAt: now });

describe('what networks say of a device', () => {
  it.each([
    ['tele/ura/LWT', 'Offline', 'offline'],
    ['tele/ura/LWT', 'Online', 'online'],
    ['ura/online', 'false', 'offline'],
    ['ura/online', 'true', 'online'],
    ['zigbee2mqtt/ura/availability', { state: 'offline' }, 'offline'],
    ['zigbee2mqtt/ura/availability', 'online', 'online'],
    ['spBv1.0/idrija/DDEATH/krmilnik/ura', '', 'offline'],
    ['klavze/ura/status', { online: false }, 'offline'],
    ['klavze/ura/status', 'online', 'online'],
    ['application/1/device/0102030405060708/event/join', { deviceInfo: { devEui: '0102030405060708' }, time: now }, 'online'],
    ['v3/a@ttn/devices/ura/join', { end_device_ids: { device_id: 'ura' }, received_at: now, join_accept: {} }, 'online'],
  ])('%s %j makes its Device entity %s', (topic, payload, expected) => {
    const registry = registryOf({ id: 'ura', alsoKnownAs: ['0102030405060708', 'idrija.krmilnik.ura'] });
    const { entities, deadLetters, event, devices } = pass(topic, payload, registry);
    expect(deadLetters).toEqual([]);
    expect(event).toBeDefined();
    expect(entities).toEqual([expect.objectContaining({ id: 'urn:ngsi-ld:Device:ura', type: 'Device', deviceState: state(expected) })]);
    // A last will is no sign of life.
    expect(devices).toEqual(expected === 'online' ? ['ura'] : []);
  });

  it('reaches the devices behind a node and the channels of a meter', () => {
    const registry = registryOf(
      { id: 'krmilnik', alsoKnownAs: ['idrija.krmilnik'] },
      { id: 'ura', alsoKnownAs: ['Idrija.Krmilnik.ura'] },
      { id: 'druga', alsoKnownAs: ['idrija.krmilnik-2.ura'] },
      { id: 'stevec.0' },
      { id: 'stevec.1' },
    );
    const offline = pass('spBv1.0/idrija/NDEATH/krmilnik', '', registry).entities;
    expect(offline.map(({ id }) => id)).toEqual(['urn:ngsi-ld:Device:krmilnik', 'urn:ngsi-ld:Device:ura']);
    const meters = pass('stevec/online', 'false', registry).entities;
    expect(meters.map(({ id }) => id)).toEqual(['urn:ngsi-ld:Device:stevec.0', 'urn:ngsi-ld:Device:stevec.1']);
  });

  it('is an event without a loss for strangers, retired devices and words that mean nothing', () => {
    const registry = registryOf({ id: 'ura', retiredAt: '2026-04-01' }, { id: 'nova' });
    for (const [topic, payload] of [
      ['tele/neznana/LWT', 'Offline'],
      ['tele/ura/LWT', 'Offline'],
      ['klavze/nova/status', 'asleep'],
      ['klavze/nova/status', '{"online":'],
    ] as const) {
      expect(pass(topic, payload, registry)).toMatchObject({ entities: [], deadLetters: [], event: expect.any(String) as unknown });
    }
  });

  it('takes versions from greetings and boot frames, in characters that brokers take', () => {
    const registry = registryOf({ id: 'ura' }, { id: 'am', decoder: 'milesight-am308' });
    expect(pass('tele/ura/INFO1', { Info1: { Version: '14.2.0(release-sensors)' } }, registry).entities).toEqual([
      expect.objectContaining({ firmwareVersion: state('14.2.0 release-sensors') }),
    ]);
    const greeting = { online: true, firmwareVersion: '2.1.0', batteryLevel: 0.9, rssi: -71 };
    const own = pass('klavze/ura/status', greeting, registry).entities;
    expect(Object.assign({}, ...own)).toMatchObject({
      deviceState: { value: 'online' },
      firmwareVersion: { value: '2.1.0' },
      batteryLevel: { value: 0.9 },
      rssi: { value: -71 },
    });
    const boot = { end_device_ids: { device_id: 'am' }, uplink_message: { f_port: 85, received_at: now, frm_payload: '/wkDEP8KAQI=' } };
    expect(pass('v3/a@ttn/devices/am/up', boot, registry)).toMatchObject({
      event: 'boot',
      deadLetters: [],
      entities: [{ type: 'Device', deviceState: state('online'), firmwareVersion: state('1.2'), hardwareVersion: state('3.1') }],
    });
  });

  it('a device that measures is online from the uplink on', () => {
    const { entities } = pass(
      'klavze/ura/up',
      { observedAt: '2026-05-01T09:00:00Z', readings: { airTemperature: 21 } },
      registryOf({ id: 'ura' }),
    );
    const device = entities.find(({ type }) => type === 'Device');
    expect(device).toMatchObject({ deviceState: state('online'), dateLastValueReported: { observedAt: '2026-05-01T09:00:00.000Z' } });
  });
});
