import { describe, expect, it } from '@jest/globals';

import { assess } from '../../../core/assess/assess.ts';
import { measured, point, property } from '../../../core/entity/build.ts';
import type { Entity, Property } from '../../../core/entity/entity.ts';
import { loadModels, loadQuantities } from '../../../core/service/load-models.ts';

const models = loadModels();
const quantities = loadQuantities();
const observedAt = '2026-05-01T09:00:00.000Z';

function weather(attributes: Record<string, Property>): Entity {
  return { id: 'urn:ngsi-ld:WeatherObserved:x', type: 'WeatherObserved', location: point(14, 46), ...attributes };
}

function statusOf(entity: Entity, name: string): unknown {
  return (assess(entity, quantities, models)[name] as Property).status?.value;
}

describe('assess', () => {
  it('flags a value outside the physical bounds and keeps it', () => {
    const entity = weather({ temperature: measured(71, 'CEL', observedAt), windSpeed: measured(3, 'MTS', observedAt) });
    expect(assess(entity, quantities, models)).toEqual({
      ...entity,
      temperature: measured(71, 'CEL', observedAt, 'outsidePhysicalBounds'),
    });
    expect(entity['temperature']).toEqual(measured(71, 'CEL', observedAt));
  });

  it('takes the bounds themselves as possible', () => {
    const { minimum, maximum } = quantities.get('airTemperature') ?? { minimum: NaN, maximum: NaN };
    for (const value of [minimum, maximum])
      expect(statusOf(weather({ temperature: measured(value, 'CEL', observedAt) }), 'temperature')).toBeUndefined();
    for (const value of [minimum - 0.01, maximum + 0.01]) {
      expect(statusOf(weather({ temperature: measured(value, 'CEL', observedAt) }), 'temperature')).toBe('outsidePhysicalBounds');
    }
  });

  it.each(['belowDetectionLimit', 'suspect'] as const)('leaves the remark %s of the source', (status) => {
    const entity = weather({ temperature: measured(71, 'CEL', observedAt, status) });
    expect(assess(entity, quantities, models)).toBe(entity);
  });

  it('flags an attribute of several phases when one of them is impossible', () => {
    const meter = (phaseVoltage: Property): Entity => ({
      id: 'urn:ngsi-ld:ThreePhaseAcMeasurement:x',
      type: 'ThreePhaseAcMeasurement',
      phaseVoltage,
    });
    expect(statusOf(meter(measured({ L1: 230, L2: 23000 }, 'VLT', observedAt)), 'phaseVoltage')).toBe('outsidePhysicalBounds');
    expect(statusOf(meter(measured({ L1: 230, L2: 231 }, 'VLT', observedAt)), 'phaseVoltage')).toBeUndefined();
  });

  it('leaves entities with possible values, texts and unknown types as they are', () => {
    for (const entity of [
      weather({ temperature: measured(7, 'CEL', observedAt) }),
      weather({ visibility: property('good', observedAt), weatherType: property('rain') }),
      { ...weather({ temperature: measured(700, 'CEL', observedAt) }), type: 'SomethingElse' },
    ]) {
      expect(assess(entity, quantities, models)).toBe(entity);
    }
  });
});

describe('quantities and descriptors', () => {
  it('agree: a quantity of a descriptor exists, in the same unit, and its bounds can occur in the model', () => {
    let linked = 0;
    for (const model of models.types.values()) {
      for (const [name, attribute] of Object.entries(model.attributes)) {
        if (attribute.quantity === undefined) continue;
        linked += 1;
        const quantity = quantities.get(attribute.quantity);
        expect([model.type, name, quantity?.unitCode]).toEqual([model.type, name, attribute.unitCode ?? 'C62']);
        expect(quantity?.maximum).toBeGreaterThan(attribute.value.minimum ?? -Infinity);
      }
    }
    expect(linked).toBeGreaterThan(40);
  });
});
