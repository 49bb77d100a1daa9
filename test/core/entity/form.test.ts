import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { assess } from '../../../core/assess/assess.ts';
import { measured, property } from '../../../core/entity/build.ts';
import { check } from '../../../core/entity/check.ts';
import type { Entity } from '../../../core/entity/entity.ts';
import { Forms } from '../../../core/entity/form.ts';
import { briefOf } from '../../../core/outbox/watermarks.ts';
import type { Device, Reading } from '../../../core/plugin.ts';
import { screen } from '../../../core/screen/screen.ts';
import { loadKnowledge } from '../../../core/service/knowledge.ts';

const knowledge = await loadKnowledge();
const { models, quantities, personalFields } = knowledge;
const now = '2026-11-02T12:00:00.000Z';
const at = '2026-11-02T11:59:00.000Z';
const device: Device = { id: 'vojkova-7', family: 'air-quality', location: [14.0303, 46.0028], name: { sl: 'Vojkova 7', en: 'Vojkova 7' } };

function stateOf(readings: readonly Reading[]): Entity {
  const [entity] = knowledge.agents.families.get('air-quality')?.map(readings, device).values ?? [];
  if (entity === undefined) throw new Error('the family made no entity');
  return entity;
}

const reading = (quantity: string, value: number, observedAt = at): Reading => ({ quantity, value, observedAt });
const usual = (): Entity => stateOf([reading('pm10', 21.5), reading('no2', 3), reading('airTemperature', -4.25)]);

/** The long way. */
function passed(entity: Entity): { readonly entities: readonly Entity[]; readonly rejections: number } {
  const checked = check(entity, models, now);
  const screened = checked.values.map((one) => screen(one, personalFields));
  return {
    entities: screened.flatMap(({ values }) => values.map((one) => assess(one, quantities, models))),
    rejections: checked.rejections.length + screened.flatMap(({ rejections }) => rejections).length,
  };
}

function formsOf(entity: Entity): Forms {
  const forms = new Forms(models, quantities);
  forms.keep(entity);
  return forms;
}

describe('Forms', () => {
  it('write the next state of the same form as the long way does, and say the same of it in brief', () => {
    const next = stateOf([reading('pm10', 0), reading('no2', 1e-7), reading('airTemperature', -0)]);
    const formed = formsOf(usual()).take(next, now);
    expect(formed?.json).toBe(JSON.stringify(next));
    expect(formed?.brief).toEqual(briefOf(next));
  });

  it('know several forms of one entity', () => {
    const forms = formsOf(usual());
    const other = stateOf([reading('pm25', 4)]);
    expect(forms.take(other, now)).toBeUndefined();
    forms.keep(other);
    expect(forms.take(other, now)?.json).toBe(JSON.stringify(other));
    expect(forms.take(usual(), now)?.json).toBe(JSON.stringify(usual()));
  });

  const strange: Readonly<Record<string, (entity: Entity) => unknown>> = {
    'a value beyond the physical bounds': (entity) => (entity['airTemperature'] = measured(140, 'CEL', at)),
    'a value beyond the bounds of the model': (entity) => (entity['pm10'] = measured(-1, 'GQ', at)),
    'a value that is no number': (entity) => (entity['pm10'] = measured(NaN, 'GQ', at)),
    'another unit': (entity) => (entity['no2'] = measured(3, 'GP', at)),
    'no unit': (entity) => (entity['no2'] = property(3, at)),
    'a remark on a value': (entity) => (entity['no2'] = measured(3, 'GQ', at, 'suspect')),
    'a second moment': (entity) => (entity['no2'] = measured(3, 'GQ', '2026-11-02T11:58:00.000Z')),
    'another attribute': (entity) => (entity['co'] = measured(1, 'GP', at)),
    'an attribute less': (entity) => delete entity['no2'],
    'another place': (entity) => (entity['location'] = { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] } }),
    'a text for a number': (entity) => (entity['no2'] = property('3', at)),
    'another form of attribute': (entity) => (entity['no2'] = { type: 'Relationship', object: 'urn:ngsi-ld:Thing:1' }),
  };
  it.each(Object.entries(strange))('leave %s to the long way', (_, change) => {
    const entity = usual();
    change(entity);
    expect(formsOf(usual()).take(entity, now)).toBeUndefined();
  });

  it.each(['2026-11-02T12:00:00.001Z', '2026-02-30T10:00:00.000Z', '2026-11-02T11:59:00Z', '2026-11-02 11:59:00.000', ''])(
    'leave the moment %p to the long way',
    (moment) => {
      const entity = stateOf([reading('pm10', 21.5, moment), reading('no2', 3, moment), reading('airTemperature', -4.25, moment)]);
      expect(formsOf(usual()).take(entity, now)).toBeUndefined();
    },
  );

  it('never let through what the long way would change or refuse', () => {
    const value = fc.oneof(
      { weight: 4, arbitrary: fc.double({ min: -5, max: 150 }) },
      fc.double(),
      fc.constantFrom(-0, NaN, Infinity, 1e21),
    );
    const moment = fc.oneof(
      { weight: 6, arbitrary: fc.constant(at) },
      fc.constantFrom('2026-11-02T12:03:00.000Z', '2027-01-01T00:00:00.000Z', '1969-12-31T00:00:00.000Z'),
    );
    const unit = fc.oneof({ weight: 6, arbitrary: fc.constant('GQ') }, fc.constantFrom('CEL', undefined, 'XXX'));
    const attribute = fc.record({ value, moment, unit });
    const forms = formsOf(usual());
    let taken = 0;
    fc.assert(
      fc.property(attribute, attribute, (pm10, no2) => {
        const entity = usual();
        for (const [name, one] of Object.entries({ pm10, no2 })) {
          entity[name] = one.unit === undefined ? property(one.value, one.moment) : measured(one.value, one.unit, one.moment);
        }
        const formed = forms.take(entity, now);
        if (formed === undefined) return;
        taken++;
        const { entities, rejections } = passed(entity);
        expect(rejections).toBe(0);
        expect(entities).toHaveLength(1);
        expect(JSON.parse(formed.json)).toEqual(JSON.parse(JSON.stringify(entities[0])));
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});
