import { pino } from 'pino';
import type { Entity } from '../../../core/entity/entity.ts';
import type { Consignment, DeadLetter, Origin } from '../../../core/outbox/outbox.ts';
import { reject } from '../../../core/rejection.ts';

export const silent = pino({ level: 'silent' });

export const origin: Origin = {
  plugin: 'agents/envelopes/plain',
  from: 'json/key/idrija-1/attrs',
  receivedAt: '2026-05-01T10:00:01.000Z',
};

/** A state of a river gauge: `level` metres at `minute` past ten. */
export function gauge(id: string, level: number, minute = 0): Entity {
  const observedAt = `2026-05-01T10:${String(minute).padStart(2, '0')}:00.000Z`;
  return {
    id: `urn:ngsi-ld:WaterObserved:${id}`,
    type: 'WaterObserved',
    waterLevel: { type: 'Property', value: level, unitCode: 'MTR', observedAt },
  };
}

export function consign(...entities: Entity[]): Consignment {
  return { publications: entities.map((entity) => ({ entity, origin })), deadLetters: [] };
}

/** The entity is to go from the broker. */
export function removal(id: string): Consignment {
  return {
    publications: [{ entity: { id: `urn:ngsi-ld:WaterObserved:${id}`, type: 'WaterObserved' }, origin, removal: true }],
    deadLetters: [],
  };
}

export function letter(code: 'unknown_device' | 'malformed_payload' = 'malformed_payload', raw = '{"a":'): DeadLetter {
  return { origin, rejection: reject('decode', code, `${raw} is not JSON`, '/a'), raw: Buffer.from(raw) };
}
