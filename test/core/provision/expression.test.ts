import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { meantBy } from '../../../core/entity/computed.ts';
import { compileExpression } from '../../../core/entity/expression.ts';
import type { Provisioned, ProvisionedAttribute } from '../../../core/entity/provisioned.ts';
import { unsupportedIn } from '../../../core/provision/unsupported.ts';

function device(...attributes: ProvisionedAttribute[]): Provisioned {
  const staticAttributes = [{ name: 'offset', value: 5 }];
  return { deviceId: 'd1', entityName: 'd1', entityType: 'Thing', attributes, staticAttributes, explicitAttrs: false };
}

function published(fields: object, ...attributes: ProvisionedAttribute[]): Record<string, unknown> {
  const meant = meantBy(fields as Record<string, unknown>, device(...attributes));
  return Object.fromEntries(meant.map(({ meaning, raw }) => [meaning.name, raw.ok ? raw.value : 'refused']));
}

function fault(source: string): string {
  const compiled = compileExpression(source);
  return compiled.ok ? '' : compiled.error;
}

const temperature = { object_id: 't', name: 'temperature', expression: 't/10' };

describe('expressions of provisioned attributes', () => {
  it('are published instead of what was sent', () => {
    expect(published({ t: 215 }, temperature)).toEqual({ temperature: 21.5 });
    expect(published({ t: '215', h: 40 }, temperature)).toEqual({ h: 40, temperature: 21.5 });
    expect(published({ t: '1' }, { ...temperature, expression: 'temperature + offset' })).toEqual({ temperature: 6 });
    expect(published({ t: 20.26 }, { ...temperature, expression: 't|tofixed(1)' })).toEqual({ temperature: '20.3' });
    expect(published({ t: 'a0x1f' }, { ...temperature, expression: 't|substr(1, 4)|parseint' })).toEqual({ temperature: 31 });
    expect(published({ t: 1 }, { name: 'state', expression: "t == 1 ? 'on' : 'off'" })).toEqual({ t: 1, state: 'on' });
  });

  it('follow one another, of their own or of another measure', () => {
    const kelvin = { name: 'kelvin', expression: 'temperature + 273' };
    expect(published({ t: 215 }, temperature, kelvin)).toEqual({ temperature: 21.5, kelvin: 294.5 });
  });

  it('give nothing while a variable is missing, and nothing that was not computed', () => {
    expect(published({ h: 40 }, temperature)).toEqual({ h: 40 });
    expect(published({ t: 1 }, { ...temperature, expression: 't + humidity' })).toEqual({});
    expect(published({ t: 1 }, { ...temperature, expression: 't + (humidity || 0)' })).toEqual({ temperature: 1 });
    expect(published({ t: { a: 1 } }, { ...temperature, expression: 't|trim' })).toEqual({ temperature: 'refused' });
  });

  it('are refused with a reason where they cannot be computed', () => {
    expect(fault('${@t*10}')).toContain('legacy');
    expect(fault('t *')).toContain('no JEXL expression');
    expect(fault('t|explode')).toContain('uses explode; known are');
    expect(fault('list[.x > 1]')).toContain('filters a list');
    expect(fault('t.constructor.constructor')).toContain('constructor');
    expect(fault("t['__proto__']")).toContain('filters a list');
    expect(fault(`${'t+'.repeat(600)}t`)).toContain('at most 1000');
    expect(compileExpression('list[0] + place["lat"]').ok).toBe(true);
  });

  it('never throw nor reach a prototype', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9 .+*/|()?:[\]{}'"]{0,30}$/)),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (source, fields) => {
          meantBy(fields, device({ name: 'x', expression: source }));
        },
      ),
    );
    const proto = JSON.parse('{"__proto__":{"polluted":1},"t":1}') as object;
    expect(published(proto, { name: 'x', expression: 'polluted' })['x']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('what is asked for and not there', () => {
  it('is refused at provisioning with its place', () => {
    const attributes = [
      { name: 'a', expression: 't *' },
      { name: 'b', entity_name: 'other' },
    ];
    expect(unsupportedIn({ devices: [{ device_id: 'd', attributes, commands: [{ name: 'on', expression: 't' }] }] })).toEqual([
      expect.stringContaining('/devices/0/attributes/0/expression "t *" is no JEXL expression') as unknown,
      expect.stringContaining('/devices/0/attributes/1/entity_name') as unknown,
      expect.stringContaining('/devices/0/commands/0/expression') as unknown,
    ]);
    expect(unsupportedIn({ expressionLanguage: 'legacy', entityNameExp: 'id' })).toHaveLength(2);
    expect(unsupportedIn({ services: [{ expressionLanguage: 'jexl', attributes: [{ name: 'a', expression: 't*10' }] }] })).toEqual([]);
  });
});
