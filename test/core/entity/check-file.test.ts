import { describe, expect, it } from '@jest/globals';

import { dateTime, measured, point, property } from '../../../core/entity/build.ts';
import { checkFile } from '../../../core/entity/check-file.ts';
import { loadModels } from '../../../core/service/load-models.ts';

const models = loadModels();
const now = '2026-05-01T10:00:00.000Z';
const observedAt = '2026-05-01T09:00:00.000Z';
const good = {
  id: 'urn:ngsi-ld:WaterObserved:lisjaki',
  type: 'WaterObserved',
  dateObserved: dateTime(observedAt),
  location: point(14.02, 46),
  waterLevel: measured(1.2, 'MTR', observedAt),
};
const faulty = { ...good, id: 'urn:ngsi-ld:WaterObserved:lisjaki-2', flow: measured(-1, 'MQS', observedAt) };

/** Entities, and where each fault lies. */
function seen(text: string): { entities: number; faults: (string | number | undefined)[][] } {
  const { entities, faults } = checkFile(text, models, now);
  return { entities, faults: faults.map(({ code, pointer, line, entity }) => [code, pointer, line, entity?.split(':').at(-1)]) };
}

describe('checkFile', () => {
  it('reads one entity', () => {
    expect(seen(JSON.stringify(good, undefined, 2))).toEqual({ entities: 1, faults: [] });
    expect(seen(JSON.stringify(faulty, undefined, 2))).toEqual({
      entities: 1,
      faults: [['out_of_model_bounds', '/flow/value', undefined, 'lisjaki-2']],
    });
  });

  it('reads a byte order mark and an @context away', () => {
    expect(seen(`\uFEFF${JSON.stringify({ ...good, '@context': ['https://x.example/c.jsonld'] })}`)).toEqual({ entities: 1, faults: [] });
  });

  it('reads an array; the pointer starts at the array', () => {
    expect(seen(JSON.stringify([good, faulty, 5]))).toEqual({
      entities: 3,
      faults: [
        ['out_of_model_bounds', '/1/flow/value', undefined, 'lisjaki-2'],
        ['malformed_payload', '/2', undefined, undefined],
      ],
    });
  });

  it('reads lines, also as a dry run prints them', () => {
    const lines = [
      JSON.stringify(good),
      '',
      JSON.stringify({ entity: faulty }),
      JSON.stringify({ rejection: { code: 'missing_field' } }),
      '{"id":',
      JSON.stringify({ summary: { received: 3, entities: 2, rejections: 1 } }),
    ];
    expect(seen(lines.join('\r\n'))).toEqual({
      entities: 2,
      faults: [
        ['out_of_model_bounds', '/entity/flow/value', 3, 'lisjaki-2'],
        ['malformed_payload', '', 5, undefined],
      ],
    });
  });

  it('refuses what is no entity', () => {
    expect(seen('{"id": "urn:ngsi-ld:WaterObserved:x", ').faults).toEqual([['malformed_payload', '', undefined, undefined]]);
    expect(seen('<html></html>').faults).toEqual([['malformed_payload', '', undefined, undefined]]);
    expect(seen('').faults).toEqual([['empty_payload', '', undefined, undefined]]);
    expect(seen('[]').faults).toEqual([['empty_payload', '', undefined, undefined]]);
    expect(seen('null').faults).toEqual([['malformed_payload', '', undefined, undefined]]);
    expect(seen('{}').faults).toEqual([['unknown_type', '/type', undefined, undefined]]);
    expect(seen(JSON.stringify({ ...good, id: undefined })).faults).toEqual([['id_not_allowed', '/id', undefined, undefined]]);
    expect(seen(JSON.stringify({ ...good, type: ['WaterObserved'] })).faults.map(([code]) => code)).toEqual(['unknown_type']);
  });

  it('refuses what is nested without end', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(seen(JSON.stringify({ ...good, name: 'DEEP' }).replace('"DEEP"', `{"type":"Property","value":${deep}}`)).faults).toEqual([
      ['too_deep', '', undefined, 'lisjaki'],
    ]);
  });

  it('says of the key-values form that another one is expected', () => {
    const { faults } = checkFile(JSON.stringify({ ...good, waterLevel: 1.2 }), models, now);
    expect(faults[0]).toMatchObject({ code: 'invalid_attribute', pointer: '/waterLevel' });
    expect(faults[0]?.message).toContain('normalized');
  });

  it('holds moments against the clock it is given', () => {
    expect(checkFile(JSON.stringify(good), models, '2026-05-01T08:00:00.000Z').faults.map(({ code }) => code)).toContain('future_time');
  });

  it('does not mind property names of objects in general', () => {
    const text = `{"__proto__":{"type":"Property","value":1},${JSON.stringify({ ...good, toString: property(1) }).slice(1)}`;
    expect(seen(text).faults.map(([, pointer]) => pointer)).toEqual(['/__proto__', '/toString']);
  });
});
