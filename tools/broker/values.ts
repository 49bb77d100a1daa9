/** Values that come back as they were sent, queries, errors, tenants. */
import { isDeepStrictEqual } from 'node:util';

import { readAnswer } from '../../core/deliver/answer.ts';
import { entityOf, number, read, upserted } from './batches.ts';
import { must, show, type Check } from './check.ts';

const values = {
  whole: { type: 'Property', value: 42, unitCode: 'GQ', observedAt: '2026-05-01T10:00:00.000Z' },
  negative: { type: 'Property', value: -0.25 },
  small: { type: 'Property', value: 0.0000125 },
  zero: { type: 'Property', value: 0 },
  yes: { type: 'Property', value: false },
  text: { type: 'Property', value: 'Žužemberk, čšž' },
  list: { type: 'Property', value: [1, 2, 3] },
  address: { type: 'Property', value: { city: 'Idrija', zip: 5280 } },
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.03, 46] } },
  refDevice: { type: 'Relationship', object: 'urn:ngsi-ld:Device:aq-1' },
};

export const valueChecks: readonly Check[] = [
  {
    name: 'values: numbers, texts, lists, objects, places and relationships come back',
    async run(room) {
      await upserted(room, [entityOf(room, 'values', values)]);
      const got = await read(room, room.id('values'));
      for (const [name, sent] of Object.entries(values)) {
        const { type, ...members } = sent;
        const found = got[name];
        must(found !== undefined, `${name} is missing`);
        must(found['type'] === type, `${name} came back as ${show(found['type'])}`);
        for (const [member, value] of Object.entries(members)) {
          const is = found[member];
          const isSame = member === 'observedAt' ? Date.parse(String(is)) === Date.parse(String(value)) : isDeepStrictEqual(is, value);
          must(isSame, `${name}.${member} was ${show(value)} and is ${show(is)}`);
        }
      }
      return undefined;
    },
  },
  {
    name: 'values: a list of one stays a list',
    async run(room) {
      await upserted(room, [entityOf(room, 'one', { list: { type: 'Property', value: [7] } })]);
      const { list } = await read(room, room.id('one'));
      if (list?.value === 7) return 'gives a list of one as the value alone; readers must accept both';
      must(isDeepStrictEqual(list?.value, [7]), `it is ${show(list?.value)}`);
      return undefined;
    },
  },
  {
    name: 'values: every character of a text',
    async run(room) {
      const text = `O'Neill <a> "b" = (c); d&e %20 \\`;
      const entity = entityOf(room, 'text', { note: { type: 'Property', value: text } });
      const verdict = readAnswer(await room.client.upsert(JSON.stringify([entity]), ''), [entity.id]);
      if (verdict.kind !== 'perItem' || verdict.refused.length > 0)
        return `refuses some of < > " ' = ; ( ): set broker.forbiddenCharacters to encode (${show(verdict)})`;
      const { note } = await read(room, entity.id);
      must(note?.value === text, `${text} came back as ${show(note?.value)}`);
      return undefined;
    },
  },
  {
    name: 'query: by type, in pages that do not overlap',
    async run(room) {
      const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
      await upserted(
        room,
        names.map((name) => entityOf(room, name, { page: number(1) })),
      );
      const found: unknown[] = [];
      for (const offset of [0, 2, 4]) {
        const path = `/entities?type=${room.type}&q=page==1&limit=2&offset=${offset}`;
        const { status, body } = await room.call('GET', path);
        must(status === 200 && Array.isArray(body), `GET ${path}: ${status} ${show(body)}`);
        found.push(...body.map((entity: { id?: unknown }) => entity.id));
      }
      must(found.length === 5 && new Set(found).size === 5, `five entities in pages of two were ${show(found)}`);
      return undefined;
    },
  },
  {
    name: 'query: when an entity was changed (for partners who were away)',
    async run(room) {
      const before = new Date(Date.now() - 60_000).toISOString();
      await upserted(room, [entityOf(room, 'changed', { level: number(1) })]);
      const { status, body } = await room.call('GET', `/entities/${encodeURIComponent(room.id('changed'))}?options=sysAttrs`);
      const modified = status === 200 ? (body as { modifiedAt?: unknown }).modifiedAt : undefined;
      if (typeof modified !== 'string') return 'does not tell modifiedAt; after a gap partners get everything again';
      const q = encodeURIComponent(`modifiedAt>=${before}`);
      const asked = await room.call('GET', `/entities?type=${room.type}&q=${q}&options=sysAttrs&limit=1000`);
      const ids = Array.isArray(asked.body) ? asked.body.map((entity: { id?: unknown }) => entity.id) : [];
      if (!ids.includes(room.id('changed')))
        return `cannot be asked for modifiedAt (${asked.status}); after a gap all states are fetched and compared`;
      return undefined;
    },
  },
  {
    name: 'errors: an entity that is not there is 404',
    async run(room) {
      const { status, body } = await room.call('GET', `/entities/${encodeURIComponent(room.id('nobody'))}`);
      must(status === 404, `it answers ${status} ${show(body)}`);
      const type = (body as { type?: unknown } | null)?.type;
      return String(type).endsWith('ResourceNotFound') ? undefined : `the problem is of type ${show(type)} instead of ResourceNotFound`;
    },
  },
  {
    name: 'errors: a broken body is refused for good, not for a while',
    async run(room) {
      const { status, body } = await room.call('POST', '/entityOperations/upsert', '[{');
      must(status >= 400 && status < 500, `it answers ${status} ${show(body)}: Klavže would try again for ever`);
      return undefined;
    },
  },
  {
    name: 'tenants: each has its own entities',
    async run(room) {
      const client = room.client.forTenant(room.tenant);
      const entity = entityOf(room, 'tenant', { level: number(1) });
      room.later(() => client.remove(JSON.stringify([entity.id])));
      const verdict = readAnswer(await client.upsert(JSON.stringify([entity]), ''), [entity.id]);
      if (verdict.kind === 'denied') return `has no tenants (${verdict.message}); leave out tenants in klavze.yaml`;
      must(verdict.kind === 'perItem' && verdict.accepted.length === 1, show(verdict));
      const path = `/entities/${encodeURIComponent(entity.id)}`;
      const [own, other] = [await room.call('GET', path, undefined, { 'ngsild-tenant': room.tenant }), await room.call('GET', path)];
      must(own.status === 200, `the tenant's own entity: ${own.status} ${show(own.body)}`);
      must(other.status === 404, `the entity of a tenant can be read without it: ${other.status}`);
      return undefined;
    },
  },
];
