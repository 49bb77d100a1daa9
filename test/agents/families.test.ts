import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { contextFor } from '../../core/entity/contexts.ts';
import { attributesOf, type Entity } from '../../core/entity/entity.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { startBroker, type Broker } from '../../embedded/ngsi-ld/server.ts';
import { examplesOf } from '../contract/agent-examples.ts';

const { agents, models } = await loadKnowledge();
const entities = [...agents.families.keys()].flatMap((family) =>
  examplesOf('families', family).flatMap(({ name, example }) =>
    (example.expected.entities ?? []).map((entity, at) => ({ entity, title: `${family}/${name}, ${entity.type} ${at}` })),
  ),
);

/** What families make has phases as objects, lists of targets and numbers without a unit: a broker must take it and give it back. */
describe.each(['strict', 'orion'] as const)('entities of families in a broker, profile %s', (profile) => {
  let broker: Broker;

  beforeAll(async () => {
    broker = await startBroker({ port: 0, dbFile: ':memory:', profile });
  });
  afterAll(async () => {
    await broker.close();
  });

  it.each(entities)('$title', async ({ entity }) => {
    const context = contextFor(models.types.get(entity.type)?.subject ?? '', models)?.['@context'];
    const url = `${broker.url}/ngsi-ld/v1/entityOperations/upsert`;
    const headers = { 'content-type': 'application/ld+json' };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify([{ ...entity, '@context': context }]) });
    expect([201, 204]).toContain(answer.status);
    const stored = (await (await fetch(`${broker.url}/ngsi-ld/v1/entities/${entity.id}`)).json()) as Entity;
    // Without a context names come back as IRIs; each attribute has one of its own.
    expect(attributesOf(stored).length).toBeGreaterThanOrEqual(attributesOf(entity).length);
    expect(JSON.stringify(stored)).not.toContain('default-context');
  });
});
