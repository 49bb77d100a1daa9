/** History, subscriptions, contexts, registrations. */
import { setTimeout as sleep } from 'node:timers/promises';

import { entityOf, number, read, upserted } from './batches.ts';
import { must, show, type Check } from './check.ts';
import { levelName } from './receiver.ts';
import type { Room } from './room.ts';

export const otherChecks: readonly Check[] = [
  {
    name: 'history: takes older values beside the present state',
    async run(room) {
      await upserted(room, [entityOf(room, 'late', { level: number(9, '2026-05-01T12:00:00.000Z') })]);
      const older = { id: room.id('late'), type: room.type, level: [number(3, '2026-05-01T11:00:00.000Z')] };
      const { status, body } = await room.client.addHistory(JSON.stringify(older), '');
      if ([400, 404, 405, 501].includes(status)) return `has no history to write to (${status}); older values are counted and left out`;
      must(status >= 200 && status < 300, `POST temporal/entities: ${status} ${show(body)}`);
      const { level } = await read(room, room.id('late'));
      must(level?.value === 9, `an older value took the place of the present one: ${show(level)}`);
      return undefined;
    },
  },
  {
    name: 'history: can be asked between two times',
    async run(room) {
      await upserted(room, [entityOf(room, 'asked', { level: number(4, '2026-05-02T12:00:00.000Z') })]);
      const asked = `?timerel=between&timeAt=2026-05-02T00:00:00Z&endTimeAt=2026-05-03T00:00:00Z`;
      for (let tries = 0; ; tries++) {
        const { status, body } = await room.call('GET', `/temporal/entities/${encodeURIComponent(room.id('asked'))}${asked}`);
        if (/"value":\s*4\b/.test(JSON.stringify(body))) return undefined;
        if (status !== 200 && status !== 206 && status !== 404) return `has no history to read (${status})`;
        if (tries === 15) return `the value is not in the history after three seconds (${status})`;
        await sleep(200);
      }
    },
  },
  {
    name: 'subscriptions: can be made, read, changed and deleted',
    async run(room) {
      const id = await subscribe(room, 'http://127.0.0.1:9/');
      const path = `/subscriptions/${encodeURIComponent(id)}`;
      const got = await room.call('GET', path);
      must(got.status === 200, `GET: ${got.status} ${show(got.body)}`);
      const changed = await room.call('PATCH', path, { description: 'klavze, changed' });
      must(changed.status >= 200 && changed.status < 300, `PATCH: ${changed.status} ${show(changed.body)}`);
      const description = ((await room.call('GET', path)).body as { description?: unknown }).description;
      must(description === 'klavze, changed', `after PATCH the description is ${show(description)}`);
      const removed = await room.call('DELETE', path);
      must(removed.status >= 200 && removed.status < 300, `DELETE: ${removed.status} ${show(removed.body)}`);
      must((await room.call('GET', path)).status === 404, 'it is still there after DELETE');
      return undefined;
    },
  },
  {
    name: 'subscriptions: a change is told within five seconds',
    needsReceiver: true,
    async run(room) {
      const { receiver } = room;
      must(receiver !== undefined, 'there is no receiver');
      await subscribe(room, receiver.url);
      const [one, two] = ['told-1', 'told-2'].map((name) => room.id(name));
      await upserted(room, [entityOf(room, 'told-1', { level: number(1) }), entityOf(room, 'told-2', { level: number(2) })]);
      const isTold = (id = ''): boolean => receiver.seen.some((entity) => entity['id'] === id);
      for (let tries = 0; !(isTold(one) && isTold(two)); tries++) {
        must(tries < 50, `of two entities in a batch ${[one, two].filter(isTold).length} were told to ${receiver.url}`);
        await sleep(100);
      }
      return undefined;
    },
  },
  {
    name: 'contexts: terms of a context that is fetched',
    needsReceiver: true,
    async run(room) {
      const entity = entityOf(room, 'context', { level: number(1) });
      const answer = await room.client.upsert(JSON.stringify([entity]), room.receiver?.contextUrl ?? '');
      must(answer.status >= 200 && answer.status < 300, `upsert with a Link to ${room.receiver?.contextUrl}: ${show(answer)}`);
      const got = await read(room, entity.id);
      must(got[levelName]?.value === 1, `level should be ${levelName}; the entity is ${show(got)}`);
      return undefined;
    },
  },
  {
    name: 'registrations: can be made, read and deleted',
    async run(room) {
      const id = room.id('registration').replace('KlavzeCheck', 'ContextSourceRegistration');
      const registration = {
        id,
        type: 'ContextSourceRegistration',
        information: [{ entities: [{ type: room.type }] }],
        endpoint: 'http://127.0.0.1:9/',
        operations: ['retrieveOps'],
      };
      room.later(() => room.client.unregister(id));
      const made = await room.client.register(JSON.stringify(registration), '');
      if ([400, 404, 405, 501].includes(made.status)) return `takes no registrations (${made.status}); commands to devices need them`;
      must(made.status === 201, `POST: ${show(made)}`);
      const got = await room.client.registration(id);
      must(got.status === 200, `GET: ${show(got)}`);
      const removed = await room.client.unregister(id);
      must(removed.status >= 200 && removed.status < 300, `DELETE: ${show(removed)}`);
      return undefined;
    },
  },
];

async function subscribe(room: Room, uri: string): Promise<string> {
  const subscription = {
    id: `urn:ngsi-ld:Subscription:${room.type}-${Math.random().toString(36).slice(2)}`,
    type: 'Subscription',
    description: 'klavze',
    entities: [{ type: room.type }],
    notification: { endpoint: { uri, accept: 'application/json' } },
  };
  room.later(() => room.call('DELETE', `/subscriptions/${encodeURIComponent(subscription.id)}`));
  const { status, body } = await room.call('POST', '/subscriptions', subscription);
  must(status === 201, `POST subscriptions: ${status} ${show(body)}`);
  return subscription.id;
}
