import type { Request, Response } from 'express';
import { represent } from '../represent.ts';
import type { BrokerDeps, StoredEntity } from '../types.ts';
import { echoTenant, linkHeader, sendJson } from './answer.ts';
import { sendText } from './text.ts';
import { representOptions, type Reading } from './reading.ts';
import type { Projection } from './projection.ts';

type Json = Record<string, unknown>;

/** Shows entities of one tenant as a request wishes, linked ones included. */
export interface Show {
  /** undefined: the projection leaves nothing. */
  one(entity: StoredEntity): Json | undefined;
  /** With join=flat: the entities that the given ones point to, each once. */
  linked(entities: readonly StoredEntity[]): Json[];
}

export function createShow(reading: Reading, find: (id: string) => StoredEntity | undefined): Show {
  function one(entity: StoredEntity, level: number, chain: readonly string[], pick?: Projection, omit?: Projection): Json | undefined {
    const top = chain.length === 0;
    const json = represent(entity, reading.context, {
      ...representOptions(reading, pick, omit),
      ...(top && reading.attrs && { attrs: reading.attrs }),
      ...(top && reading.datasetIds && { datasetIds: reading.datasetIds }),
    });
    if (Object.keys(json).length === 0) return undefined;
    if (reading.join === 'inline' && level > 0) inline(entity, json, level, [...chain, entity.id], pick, omit);
    return json;
  }

  function inline(entity: StoredEntity, json: Json, level: number, chain: readonly string[], pick?: Projection, omit?: Projection): void {
    for (const [iri, instances] of Object.entries(entity.attributes)) {
      const name = reading.context.compactName(iri);
      const [instance] = instances;
      if (json[name] === undefined || instance === undefined || !instance.type.endsWith('Relationship')) continue;
      const targets = (ids: readonly string[]): (Json | string)[] =>
        ids.map((id) => {
          const target = chain.includes(id) || reading.containedBy.includes(id) ? undefined : find(id);
          return (target && one(target, level - 1, chain, pick?.get(iri), omit?.get(iri))) ?? id;
        });
      for (const [index, { object, objectList }] of instances.entries()) {
        const found = targets([object ?? objectList ?? []].flat());
        const isList = Array.isArray(object) || objectList !== undefined;
        if (reading.format === 'simplified') {
          if (instances.length === 1) json[name] = isList ? found : found[0];
          continue;
        }
        const shown = (instances.length === 1 ? json[name] : (json[name] as Json[])[index]) as Json;
        const entities = found.filter((target) => typeof target !== 'string');
        if (entities.length > 0) shown[isList ? 'entityList' : 'entity'] = isList ? entities : entities[0];
      }
    }
  }

  function linked(entities: readonly StoredEntity[]): Json[] {
    if (reading.join !== 'flat') return [];
    const seen = new Set([...entities.map(({ id }) => id), ...reading.containedBy]);
    const shown: Json[] = [];
    let level: { entity: StoredEntity; pick: Projection | undefined; omit: Projection | undefined }[] = entities.map((entity) => ({
      entity,
      pick: reading.pick,
      omit: reading.omit,
    }));
    for (let depth = 0; depth < reading.joinLevel; depth += 1) {
      const next: typeof level = [];
      for (const { entity, pick, omit } of level) {
        for (const [iri, instances] of Object.entries(entity.attributes)) {
          if ((pick !== undefined && !pick.has(iri)) || (omit?.has(iri) === true && omit.get(iri) === undefined)) continue;
          if (pick === undefined && reading.attrs?.has(iri) === false && depth === 0) continue;
          for (const id of instances.flatMap((instance) => [instance.object ?? instance.objectList ?? []].flat())) {
            const target = seen.has(id) ? undefined : find(id);
            seen.add(id);
            if (target === undefined) continue;
            next.push({ entity: target, pick: pick?.get(iri), omit: omit?.get(iri) });
          }
        }
      }
      shown.push(...next.flatMap<Json>(({ entity, pick, omit }) => one(entity, 0, [entity.id], pick, omit) ?? []));
      level = next;
    }
    return shown;
  }

  return { one: (entity) => one(entity, reading.joinLevel, [], reading.pick, reading.omit), linked };
}

/** An entity as GeoJSON Feature (4.5.16, 4.5.17). */
export function toFeature(json: Json, entity: StoredEntity, reading: Reading): Json {
  const { id, ...properties } = json;
  const instances = entity.attributes[reading.geometryProperty] ?? [];
  const instance = instances.find((one) =>
    reading.datasetIds?.[0] === undefined ? one.datasetId === undefined : one.datasetId === reading.datasetIds[0],
  );
  return {
    ...(id !== undefined && { id }),
    type: 'Feature',
    geometry: instance?.type === 'GeoProperty' ? instance.value : null,
    properties,
  };
}

/** GeoJSON has its context in the body, with `Prefer: body=json` in the Link header. */
export function sendGeoJson(req: Request, res: Response, deps: BrokerDeps, body: Json, reading: Reading): void {
  echoTenant(req, res);
  const inBody = !/\bbody\s*=\s*"?json"?\b/.test(req.get('Prefer') ?? '');
  if (!inBody) res.append('Link', linkHeader(reading.context, deps));
  const json = inBody ? { '@context': deps.contexts.body(reading.context), ...body } : body;
  sendText(res, 'application/geo+json', JSON.stringify(json));
}

export function sendEntities(
  req: Request,
  res: Response,
  deps: BrokerDeps,
  entities: readonly StoredEntity[],
  reading: Reading,
  show: Show,
): void {
  const shown = entities.flatMap((entity) => {
    const json = show.one(entity);
    return json === undefined ? [] : [{ entity, json }];
  });
  if (reading.accept === 'application/geo+json') {
    const features = shown.map(({ entity, json }) => toFeature(json, entity, reading));
    sendGeoJson(req, res, deps, { type: 'FeatureCollection', features }, reading);
    return;
  }
  const body = [...shown.map(({ json }) => json), ...show.linked(entities)];
  sendJson(req, res, deps, { body, context: reading.context, accept: reading.accept });
}
