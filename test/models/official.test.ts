import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { measured, point, property } from '../../core/entity/build.ts';
import { contextFor, coreContext } from '../../core/entity/contexts.ts';
import type { Entity } from '../../core/entity/entity.ts';
import type { Model, ValueShape } from '../../core/entity/models.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { openOfficial, type Official } from '../../tools/models-official.ts';
import { expansionFaults, verify } from '../../tools/models-verification.ts';
import { describeWithOfficial, officialFolder, shared } from './shared.ts';

const models = loadModels();
const observedAt = '2026-05-01T09:00:00.000Z';

interface OfficialAttribute {
  readonly name: string;
  readonly ngsiKind: string;
  readonly valueType: string;
  readonly unitCode: string | null;
  readonly required: boolean;
  readonly enum: readonly (string | number)[] | null;
  readonly iri: string;
}
interface OfficialType {
  readonly typeIri: string;
  readonly schemaVersion: string;
  readonly required: readonly string[];
  readonly attributes: readonly OfficialAttribute[];
}

/** `value` becomes ngsi-ld:hasValue, `dataset` ngsi-ld:hasDataset: neither can be used as an attribute. */
const unusable = ['Device.value', 'Catalogue.dataset'];

/** Where the schema is silent or contradicts its own example, and we know better: see docs/models.md, "Traps taken care of". */
const ownUnits: Readonly<Record<string, string>> = {
  'IndoorEnvironmentObserved.co2': '59',
  'WaterConsumptionObserved.waterConsumption': 'LTR',
};
const ownKinds: Readonly<Record<string, string>> = { 'ACMeasurement.refDevice': 'Relationship' };

describeWithOfficial('descriptors against the official models', () => {
  const types = (): Readonly<Record<string, OfficialType>> =>
    (JSON.parse(readFileSync(join(officialFolder, 'attributes.json'), 'utf8')) as { types: Record<string, OfficialType> }).types;

  it.each([...models.types.values()].map((model): [string, Model] => [model.type, model]))(
    '%s has every attribute as it is there',
    (type, model) => {
      const repository = models.subjects.get(model.subject)?.repository.split('/').at(-1);
      const official = types()[`${repository}/${type}`];
      if (official === undefined) throw new Error(`${repository}/${type} is not among the official types`);
      expect(model.iri).toBe(official.typeIri);
      expect(model.schemaVersion).toBe(official.schemaVersion);
      expect([...model.required].sort()).toEqual(official.required.filter((name) => name !== 'id' && name !== 'type').sort());
      const usable = official.attributes.filter(({ name }) => !unusable.includes(`${type}.${name}`));
      expect(Object.keys(model.attributes).sort()).toEqual(usable.map(({ name }) => name).sort());
      for (const { name, iri, ngsiKind, unitCode, valueType, enum: words } of usable) {
        const own = model.attributes[name];
        expect({ name, iri: own?.iri, kind: own?.kind, unitCode: own?.unitCode ?? null }).toEqual({
          name,
          iri,
          kind: ownKinds[`${type}.${name}`] ?? ngsiKind,
          unitCode: ownUnits[`${type}.${name}`] ?? unitCode,
        });
        expect([name, own && boundsOf(own.value)]).toEqual([
          name,
          valueType
            .match(/\[[^\]]*\]/g)
            ?.join('')
            .replace('1.0]', '1]') ?? '',
        ]);
        expect([name, own && enumOf(own.value)]).toEqual([name, words]);
      }
    },
  );
});

/** `[0..1]` as the official table writes it. */
function boundsOf({ type, minimum, maximum, items, or }: ValueShape): string {
  const own = minimum === undefined && maximum === undefined ? '' : `[${minimum ?? ''}..${maximum ?? ''}]`;
  return own + (type === 'array' && items !== undefined ? boundsOf(items) : '') + (or === undefined ? '' : boundsOf(or));
}

function enumOf(shape: ValueShape): readonly (string | number)[] | null {
  return shape.enum ?? shape.items?.enum ?? null;
}

describeWithOfficial('entities against the official models', () => {
  let official: Official;
  beforeAll(() => {
    const opened = openOfficial(officialFolder);
    if (opened === undefined) throw new Error(`${officialFolder} has no schema-urls.json`);
    official = opened;
  });

  const water: Entity = {
    id: 'urn:ngsi-ld:WaterQualityObserved:lisjaki',
    type: 'WaterQualityObserved',
    dateObserved: property(observedAt),
    location: point(14, 46),
    address: property({ addressLocality: 'Lisjaki', streetNr: '5' }),
    temperature: measured(8, 'CEL', observedAt, 'suspect'),
    'Cl-': measured(3, 'M1', observedAt),
  };

  it('every entity of every example and sample is as valid and means the same', async () => {
    const { withOfficial, faults, counts } = await verify(shared, new Date().toISOString());
    expect(withOfficial).toBe(true);
    expect(faults).toEqual([]);
    expect([...counts.keys()]).toEqual(
      expect.arrayContaining(['AirQualityObserved', 'WaterObserved', 'WaterQualityObserved', 'WeatherObserved']),
    );
  }, 120_000);

  it('every term of every subject expands the same with both contexts', async () => {
    for (const subject of models.subjects.values()) {
      const own = contextFor(subject.name, models)?.['@context'] ?? [];
      const terms = Object.keys(own[0] ?? {});
      expect(terms.length).toBeGreaterThan(20);
      const entities = terms.map((term) => ({ id: 'urn:x:y', type: term, [term]: property(1) }) as Entity);
      const theirs = await official.expand(entities, [subject.officialContext, coreContext]);
      const ours = await official.expand(entities, own);
      expect(ours).toHaveLength(terms.length);
      expect(theirs.flatMap((node, index) => expansionFaults(node, ours[index]))).toEqual([]);
    }
  });

  it('the remark `status` has the core IRI with both contexts', async () => {
    const own = contextFor('water-quality', models)?.['@context'] ?? [];
    const [node] = await official.expand([water], own);
    expect(JSON.stringify(node)).toContain('"https://uri.etsi.org/ngsi-ld/status"');
    const context = models.subjects.get('water-quality')?.officialContext ?? '';
    expect(await official.expand([water], [context, coreContext])).toEqual([node]);
  });

  it('notices an entity that breaks the official schema', () => {
    expect(official.schemaFaults(water, 'dataModel.WaterQuality')).toEqual([]);
    const faulty = { ...water, pH: measured(15, 'Q30', observedAt), temperature: property('cold') };
    expect(
      official
        .schemaFaults(faulty, 'dataModel.WaterQuality')
        .map(({ pointer }) => pointer)
        .sort(),
    ).toEqual(['/pH', '/temperature']);
    const { location: _location, ...rest } = water;
    expect(official.schemaFaults(rest as Entity, 'dataModel.WaterQuality')).toHaveLength(1);
  });

  it('notices a term that only one context knows, and one in the default context', async () => {
    const faulty = [{ ...water, refDevice: property('x') }];
    const context = models.subjects.get('water-quality')?.officialContext ?? '';
    const [theirs] = await official.expand(faulty, [context, coreContext]);
    expect(expansionFaults(theirs, theirs).map(([, message]) => message)).toEqual([
      'https://uri.etsi.org/ngsi-ld/default-context/refDevice lies in the default context',
    ]);
    const [ours] = await official.expand([water], contextFor('weather', models)?.['@context'] ?? []);
    const [right] = await official.expand([water], [context, coreContext]);
    expect(expansionFaults(right, ours).length).toBeGreaterThan(2);
  });
});

describe('without the official files', () => {
  it('our own check runs and says so', async () => {
    const { withOfficial, faults } = await verify(join(shared, 'nothing-here'), new Date().toISOString());
    expect(withOfficial).toBe(false);
    expect(faults).toEqual([]);
  });
});
