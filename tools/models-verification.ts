import { join } from 'node:path';

import { check } from '../core/entity/check.ts';
import { contextFor, coreContext } from '../core/entity/contexts.ts';
import { pointerToken } from '../core/entity/faults.ts';
import type { Models } from '../core/entity/models.ts';
import { packageRoot } from '../core/paths.ts';
import { loadKnowledge, type LoadedKnowledge } from '../core/service/knowledge.ts';
import { fromDatasets, fromExamples, fromMessages, type Collection, type Found } from './models-collect.ts';
import { openOfficial, type ModelFault, type Official } from './models-official.ts';

export interface Verification {
  /** False: the official files are absent and only our own check ran. */
  readonly withOfficial: boolean;
  readonly faults: readonly ModelFault[];
  /** Entities looked at, by type. */
  readonly counts: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

/** Every entity of every example and shared sample against our descriptors and, where `shared` has them, the official files. */
export async function verify(shared: string, now: string): Promise<Verification> {
  const knowledge = await loadKnowledge();
  const official = openOfficial(join(shared, 'smart-data-models'));
  const samples = join(shared, 'samples');
  const collections = [fromExamples(packageRoot), await fromDatasets(samples, knowledge, now), fromMessages(samples, knowledge, now)];

  const faults: ModelFault[] = [];
  const counts = new Map<string, number>();
  const byType = new Map<string, Found[]>();
  for (const one of collections.flatMap(({ found }) => found)) {
    byType.set(one.entity.type, [...(byType.get(one.entity.type) ?? []), one]);
  }
  for (const [type, all] of byType) {
    counts.set(type, all.length);
    for (const { entity, from } of all) {
      for (const { pointer = '', message } of check(entity, knowledge.models, now).rejections) {
        faults.push({ entity: entity.id, pointer, message: `${from}: own check: ${message}` });
      }
    }
    if (official !== undefined) faults.push(...(await officialFaults(type, all, knowledge.models, official)));
  }
  if (official !== undefined) faults.push(...silences(knowledge, counts, collections));
  return { withOfficial: official !== undefined, faults, counts, notes: collections.flatMap(({ notes }) => notes) };
}

/** What no sample produced was not verified, and must not look like success. */
function silences(knowledge: LoadedKnowledge, counts: ReadonlyMap<string, number>, collections: readonly Collection[]): ModelFault[] {
  const faults: ModelFault[] = collections
    .flatMap(({ silent }) => silent)
    .map((name) => ({ entity: name, pointer: '', message: 'its shared samples gave no entity of its type' }));
  for (const plugin of [...knowledge.adapters.values(), ...knowledge.agents.families.values()]) {
    for (const type of plugin.emits.filter((emitted) => !counts.has(emitted))) {
      faults.push({ entity: type, pointer: '', message: `${plugin.name} emits it, but no example or sample gave one` });
    }
  }
  if (counts.size === 0) faults.push({ entity: 'none', pointer: '', message: 'no entity was found in examples and samples' });
  return faults;
}

/** Official schema, and the same IRIs with the official context as with ours, none of them in the default context. */
async function officialFaults(type: string, found: readonly Found[], models: Models, official: Official): Promise<ModelFault[]> {
  const subject = models.subjects.get(models.types.get(type)?.subject ?? '');
  const own = subject && contextFor(subject.name, models);
  if (subject === undefined || own === undefined)
    return [{ entity: found[0]?.entity.id ?? type, pointer: '/type', message: 'unknown type' }];

  const faults: ModelFault[] = [];
  const repository = subject.repository.split('/').at(-1) ?? '';
  for (const { entity, from } of found) {
    for (const fault of official.schemaFaults(entity, repository)) faults.push({ ...fault, message: `${from}: ${fault.message}` });
  }
  const entities = found.map(({ entity }) => entity);
  const theirs = await official.expand(entities, [subject.officialContext, coreContext]);
  const ours = await official.expand(entities, [...own['@context']]);
  for (const [index, { entity, from }] of found.entries()) {
    for (const [pointer, message] of expansionFaults(theirs[index], ours[index])) {
      faults.push({ entity: entity.id, pointer, message: `${from}: ${message}` });
    }
  }
  return faults;
}

const defaultContext = 'https://uri.etsi.org/ngsi-ld/default-context/';

/** The differences of two expanded nodes, and what of them lies in the default context; pointers into the expanded form. */
export function expansionFaults(official: unknown, own: unknown, pointer = ''): [pointer: string, message: string][] {
  if (typeof official !== 'object' || typeof own !== 'object' || official === null || own === null) {
    const faults: [string, string][] = [];
    if (official !== own) faults.push([pointer, `${JSON.stringify(official)} with the official context, ${JSON.stringify(own)} with ours`]);
    if (String(official).startsWith(defaultContext)) faults.push([pointer, `${String(official)} lies in the default context`]);
    return faults;
  }
  const faults: [string, string][] = [];
  const left = official as Record<string, unknown>;
  const right = own as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const at = `${pointer}/${pointerToken(key)}`;
    if (key.startsWith(defaultContext)) faults.push([at, `${key} lies in the default context`]);
    if (!(key in left)) faults.push([at, `${key} with our context only`]);
    else if (!(key in right)) faults.push([at, `${key} with the official context only`]);
    else faults.push(...expansionFaults(left[key], right[key], at));
  }
  return faults;
}
