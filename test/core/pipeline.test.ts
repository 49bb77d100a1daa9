import { describe, expect, it } from '@jest/globals';

import { passMessage, type AgentKnowledge, type Passage } from '../../core/pipeline.ts';
import type { Device, Envelope } from '../../core/plugin.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';

const knowledge = await loadKnowledge();
const receivedAt = '2026-03-02T08:15:00.000Z';
const gauge: Device = {
  id: 'nikova-most',
  family: 'river-level',
  decoder: 'milesight-em500-udl',
  location: [14.0262, 46.0031],
  datum: 4.35,
  name: { sl: 'Nikova, most', en: 'Nikova, bridge' },
  owner: 'Občina Idrija',
  addressLocality: 'Idrija',
};
const topic = 'application/5b1c/device/24e124713b000017/event/up';

function pass(frame: string, device: Device | undefined, agents: Partial<AgentKnowledge> = {}): Passage {
  const payload = {
    time: '2026-03-02T08:14:30+00:00',
    data: Buffer.from(frame, 'hex').toString('base64'),
    rxInfo: [{ rssi: -101 }, { rssi: -88, snr: 9 }],
  };
  const envelope = knowledge.agents.envelopes.find(({ name }) => name === 'chirpstack-v4') as Envelope;
  const message = { topic, payload: Buffer.from(JSON.stringify(payload)), receivedAt };
  return passMessage(message, envelope, { ...knowledge, ...knowledge.agents, device: () => device, ...agents });
}

const codes = ({ deadLetters }: Passage): string[] => deadLetters.map(({ rejection }) => `${rejection.stage} ${rejection.code}`);
const entities = ({ publications }: Passage) => publications.map(({ entity }) => entity);

describe('passMessage', () => {
  it('publishes what was measured and the Device that measured it, each with its own moment', () => {
    const passage = pass('01756403829209' + '20ce8043a569b004', gauge);
    expect(codes(passage)).toEqual([]);
    expect(entities(passage).map(({ id }) => id)).toEqual([
      'urn:ngsi-ld:WaterObserved:nikova-most',
      'urn:ngsi-ld:WaterObserved:nikova-most',
      'urn:ngsi-ld:Device:nikova-most',
    ]);
    expect(entities(passage)[2]).toEqual({
      id: 'urn:ngsi-ld:Device:nikova-most',
      type: 'Device',
      deviceCategory: { type: 'Property', value: ['sensor'] },
      deviceState: { type: 'Property', value: 'online', observedAt: '2026-03-02T08:14:30.000Z' },
      controlledProperty: { type: 'Property', value: ['waterLevel', 'temperature'] },
      location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.0262, 46.0031] } },
      name: { type: 'Property', value: 'Nikova, most' },
      address: { type: 'Property', value: { addressLocality: 'Idrija', addressCountry: 'SI' } },
      dataProvider: { type: 'Property', value: 'Občina Idrija' },
      dateLastValueReported: {
        type: 'Property',
        value: { '@type': 'DateTime', '@value': '2026-03-02T08:14:30.000Z' },
        observedAt: '2026-03-02T08:14:30.000Z',
      },
      batteryLevel: { type: 'Property', value: 1, unitCode: 'C62', observedAt: '2026-03-02T08:14:30.000Z' },
      rssi: { type: 'Property', value: -88, unitCode: 'DBM', observedAt: '2026-03-02T08:14:30.000Z' },
    });
  });

  it('publishes the Device alone when only its battery spoke', () => {
    const passage = pass('01755f', gauge);
    expect(codes(passage)).toEqual([]);
    expect(entities(passage).map(({ type }) => type)).toEqual(['Device']);
  });

  it('publishes neither the place nor the name exactly where the registry says so', () => {
    const shown = entities(pass('01756403829209', { ...gauge, publishedLocation: 'coarse' }));
    expect(shown.map(({ type }) => type)).toEqual(['WaterObserved', 'Device']);
    for (const entity of shown) {
      expect(entity['location']).toEqual({ type: 'GeoProperty', value: { type: 'Point', coordinates: [14.03, 46] } });
      expect(entity).not.toHaveProperty('name');
    }
  });

  it('takes of a message that the broker had kept only what says its own time', () => {
    const envelope = knowledge.agents.envelopes.find(({ name }) => name === 'iota-json') as Envelope;
    const agents: AgentKnowledge = { ...knowledge, ...knowledge.agents, device: () => ({ ...gauge, decoder: 'json' }) };
    const open = (fields: object, more: object = { retained: true }): Passage => {
      const payload = Buffer.from(JSON.stringify(fields));
      return passMessage({ topic: '/json/key/nikova-most/attrs', payload, receivedAt, ...more }, envelope, agents);
    };
    expect(open({ waterLevel: 1.2 })).toMatchObject({ event: 'retained', publications: [], deadLetters: [], devices: [] });
    expect(open({ waterLevel: 1.2 }, {}).devices).toEqual(['nikova-most']);
    const dated = open({ waterLevel: 1.2, TimeInstant: '2026-03-01T08:00:00Z' });
    expect(dated.devices).toEqual([]);
    expect(entities(dated).map(({ type }) => type)).toEqual(['WaterObserved', 'Device']);
    expect(entities(dated)[1]?.['deviceState']).toMatchObject({ value: 'online', observedAt: '2026-03-01T08:00:00.000Z' });
  });

  it('holds a network whose clock is ahead against its own', () => {
    const envelope = knowledge.agents.envelopes.find(({ name }) => name === 'purpleair') as Envelope;
    const sensor: Device = { id: '21', family: 'air-quality', location: [14, 46] };
    const open = (device: Device, lastSeen: number): Passage => {
      const payload = Buffer.from(JSON.stringify({ sensor: { sensor_index: 21, last_seen: lastSeen, humidity: 51 } }));
      const agents: AgentKnowledge = { ...knowledge, ...knowledge.agents, device: () => device };
      return passMessage({ topic: 'purpleair/21', payload, receivedAt }, envelope, agents);
    };
    const ahead = 2_147_483_647;
    expect(codes(open(sensor, ahead))).toEqual(['decode future_time']);
    expect(open(sensor, ahead)).toMatchObject({ publications: [], readings: [] });
    expect(open({ ...sensor, wrongClock: 'restamp' }, ahead).readings).toMatchObject([{ observedAt: receivedAt }]);
    expect(codes(open({ ...sensor, wrongClock: 'restamp' }, ahead))).toEqual([]);
    const little = Date.parse(receivedAt) / 1000 + 60;
    expect(open(sensor, little).readings).toMatchObject([{ observedAt: '2026-03-02T08:16:00.000Z' }]);
  });

  it('names a frame without a measurement and refuses nothing of it', () => {
    const passage = pass('ff0bffff090200', gauge);
    expect(passage).toMatchObject({ event: 'boot', deadLetters: [], readings: [] });
    expect(entities(passage)).toEqual([
      expect.objectContaining({
        type: 'Device',
        hardwareVersion: { type: 'Property', value: '2.0', observedAt: expect.any(String) as unknown },
      }),
    ]);
  });

  it('refuses each thing at its stage, with the raw message to replay', () => {
    expect(codes(pass('0382', gauge))).toEqual(['decode truncated_frame']);
    expect(codes(pass('03829209', undefined))).toEqual(['decode unknown_device']);
    expect(codes(pass('03829209', { ...gauge, decoder: 'acme-one' }))).toEqual(['decode unknown_model']);
    expect(codes(pass('03829209', { ...gauge, family: 'snow' }))).toEqual(['decode unknown_model']);
    expect(codes(pass('03829209', { ...gauge, datum: 1 }))).toEqual(['check out_of_model_bounds', 'check no_measurement']);
    const [letter] = pass('03829209', undefined).deadLetters;
    expect(letter?.origin).toEqual({ plugin: 'agents/envelopes/chirpstack-v4', from: topic, receivedAt });
    expect(JSON.parse(Buffer.from(letter?.raw ?? []).toString())).toHaveProperty('data', 'A4KSCQ==');
  });

  it('refuses the message, and only it, when a plug-in fails', () => {
    const decoder = knowledge.agents.decoders.get('milesight-em500-udl');
    if (decoder === undefined) throw new Error('the decoder is gone');
    const broken = {
      ...decoder,
      decode: () => {
        throw new TypeError('not a function');
      },
    };
    expect(codes(pass('03829209', gauge, { decoders: new Map([[broken.name, broken]]) }))).toEqual(['decode plugin_failure']);
  });

  it('calibrates once, says what the registry knows of the device, and refuses what a retired one sends', () => {
    const frame = '01756403829209';
    const passage = pass(frame, {
      ...gauge,
      installedAt: '2026-01-01T00:00:00.000Z',
      access: 'internal',
      calibration: [{ quantity: 'distance', offset: 0.1, validFrom: '2026-02-01T00:00:00.000Z' }],
    });
    const plain = pass(frame, gauge);
    const distance = ({ readings }: Passage): number => readings.find(({ quantity }) => quantity === 'distance')?.value ?? NaN;
    expect(distance(passage)).toBeCloseTo(distance(plain) + 0.1, 9);
    expect(passage.devices).toEqual(['nikova-most']);
    expect(entities(passage).at(-1)).toMatchObject({
      type: 'Device',
      dateInstalled: { value: { '@value': '2026-01-01T00:00:00.000Z' } },
      dateLastCalibration: { value: { '@value': '2026-02-01T00:00:00.000Z' } },
      configuration: { value: [{ parameter: 'access', value: 'internal' }] },
    });
    expect(codes(pass(frame, { ...gauge, retiredAt: '2026-03-01T00:00:00.000Z' }))).toEqual(['decode retired_device']);
  });

  it('refuses what was stamped before the installation, or moves it to the arrival and marks it', () => {
    const frame = '01756403829209';
    const later = { ...gauge, installedAt: '2026-03-02T08:14:45.000Z' };
    const refused = pass(frame, later);
    expect(codes(refused)).toEqual(['decode before_installation']);
    expect(entities(refused)).toEqual([]);
    const moved = pass(frame, { ...later, wrongClock: 'restamp' });
    expect(codes(moved)).toEqual([]);
    expect(entities(moved)[0]).toMatchObject({ waterLevel: { status: { type: 'Property', value: 'restamped' } } });
  });
});
