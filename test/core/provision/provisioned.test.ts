import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { passMessage, type AgentKnowledge } from '../../../core/pipeline.ts';
import type { Envelope } from '../../../core/plugin.ts';
import { findProvisioned, type Provisioning } from '../../../core/provision/store.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';
import { findEnvelope } from '../../../core/source/topic-index.ts';

const knowledge = await loadKnowledge();
const receivedAt = '2026-03-02T08:15:00.000Z';
const tenant = { service: 'openiot', subservice: '/' };

function pass(provisioning: Provisioning, topic: string, payload: string | Uint8Array, more: { retained?: true } = {}) {
  const agents: AgentKnowledge = {
    ...knowledge,
    ...knowledge.agents,
    device: () => undefined,
    provisioned: (uplink, from) => findProvisioned(provisioning, uplink, from),
  };
  const envelope = findEnvelope(knowledge.agents.envelopes)(topic) as Envelope;
  const { publications, deadLetters } = passMessage({ topic, payload: Buffer.from(payload), receivedAt, ...more }, envelope, agents);
  return { entities: publications.map(({ entity }) => entity), codes: deadLetters.map(({ rejection }) => rejection.code) };
}

const group = { ...tenant, apikey: 'k1', entity_type: 'Thing', resource: '/iot/d' };
const lamp = {
  ...tenant,
  device_id: 'lamp001',
  entity_type: 'Device',
  entity_name: 'urn:ngsi-ld:Device:lamp001',
  attributes: [
    { object_id: 's', name: 'state', type: 'Text' },
    { object_id: 'l', name: 'luminosity', type: 'Integer' },
    { object_id: 'p', name: 'place', type: 'geo:point' },
    { object_id: 'b', name: 'isBright', type: 'Boolean' },
  ],
};

describe('measures of provisioned devices', () => {
  it('carry the provisioned names and types, and the moment of each group', () => {
    const { entities, codes } = pass(
      { services: [group], devices: [lamp] },
      '/ul/k1/lamp001/attrs',
      's|1|l|1750|b|true|p|46.0, 14.03#2026-03-02T08:00:00Z|l|7',
    );
    expect(codes).toEqual([]);
    expect(entities).toEqual([
      {
        id: 'urn:ngsi-ld:Device:lamp001',
        type: 'Device',
        state: { type: 'Property', value: '1', observedAt: receivedAt },
        luminosity: { type: 'Property', value: 1750, observedAt: receivedAt },
        isBright: { type: 'Property', value: true, observedAt: receivedAt },
        place: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.03, 46] }, observedAt: receivedAt },
      },
      expect.objectContaining({ luminosity: { type: 'Property', value: 7, observedAt: '2026-03-02T08:00:00.000Z' } }),
    ]);
  });

  it('are refused where a value is not of its type, the rest goes on', () => {
    const { entities, codes } = pass({ services: [group], devices: [lamp] }, '/ul/k1/lamp001/attrs', 's|ON|l|bright');
    expect(codes).toEqual(['invalid_value']);
    expect(entities.map(({ state }) => state)).toEqual([{ type: 'Property', value: 'ON', observedAt: receivedAt }]);
    expect(
      pass({ services: [group], devices: [lamp] }, '/json/k1/lamp001/attrs', '{"TimeInstant":"2027-01-01T00:00:00Z","l":1}').codes,
    ).toContain('future_time');
    expect(pass({ services: [group], devices: [{ ...lamp, explicitAttrs: true }] }, '/json/k1/lamp001/attrs', '{"x":1}').codes).toEqual([
      'no_measurement',
    ]);
  });

  it('belong to a device only under its own API key', () => {
    expect(pass({ services: [group], devices: [lamp] }, '/ul/other/lamp001/attrs', 'l|1').codes).toEqual(['unknown_device']);
    const closed = { services: [{ ...group, autoprovision: false }], devices: [] };
    expect(pass(closed, '/ul/k1/new-1/attrs', 'l|1').codes).toEqual(['unknown_device']);
    expect(pass({ services: [group], devices: [] }, '/ul/k1/new-1/attrs', 'l|1').entities).toMatchObject([
      { id: 'urn:ngsi-ld:Thing:new-1' },
    ]);
    expect(pass({ services: [group], devices: [] }, 'klavze/new-1/up', '{"readings":{"pm10":1}}').codes).toEqual(['unknown_device']);
  });

  it('of a Smart Data Model are checked against it, with its units', () => {
    const station = {
      ...tenant,
      device_id: 'aq-9',
      apikey: 'k2',
      entity_type: 'AirQualityObserved',
      static_attributes: [{ name: 'location', type: 'geo:json', value: { type: 'Point', coordinates: [14.03, 46] } }],
    };
    const { entities, codes } = pass({ services: [], devices: [station] }, '/json/k2/aq-9/attrs', '{"pm10":12,"wobble":1}');
    expect(codes).toEqual(['unknown_attribute']);
    expect(entities).toMatchObject([
      { id: 'urn:ngsi-ld:AirQualityObserved:aq-9', pm10: { value: 12, unitCode: 'GQ', observedAt: receivedAt } },
    ]);
  });

  it('that the broker had kept count only with their own time', () => {
    const kept = (payload: string) => pass({ services: [group], devices: [lamp] }, '/ul/k1/lamp001/attrs', payload, { retained: true });
    expect(kept('l|1')).toEqual({ entities: [], codes: [] });
    expect(kept('l|1#2026-03-02T08:00:00Z|l|7').entities).toMatchObject([{ luminosity: { value: 7 } }]);
  });

  it('never throw, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.constantFrom('/ul/k1/lamp001/attrs', '/json/k1/lamp001/attrs'), (payload, topic) => {
        expect(pass({ services: [group], devices: [lamp] }, topic, payload).codes).not.toContain('plugin_failure');
      }),
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
