/** What delivery needs of a broker: batches, and values that come back as they were sent. */
import { readAnswer, readRemoval, type Verdict } from '../../core/deliver/answer.ts';
import { must, show, type Check } from './check.ts';
import type { Room } from './room.ts';

type Entity = Readonly<Record<string, unknown>> & { readonly id: string };
type Answered = Readonly<Record<string, { readonly value?: unknown; readonly [member: string]: unknown } | undefined>>;

export function entityOf(room: Room, name: string, members: Readonly<Record<string, unknown>>): Entity {
  return { id: room.id(name), type: room.type, ...members };
}

export const number = (value: number, observedAt = '2026-05-01T10:00:00.000Z'): Record<string, unknown> => ({
  type: 'Property',
  value,
  observedAt,
});

async function verdictOf(room: Room, entities: readonly Entity[]): Promise<Verdict> {
  return readAnswer(
    await room.client.upsert(JSON.stringify(entities), ''),
    entities.map(({ id }) => id),
  );
}

/** Upserts as Klavže does; every entity must be taken. */
export async function upserted(room: Room, entities: readonly Entity[]): Promise<void> {
  const verdict = await verdictOf(room, entities);
  const isTaken = verdict.kind === 'perItem' && verdict.accepted.length === entities.length;
  must(isTaken, `POST entityOperations/upsert?options=update with ${entities.length}: ${show(verdict)}`);
}

export async function read(room: Room, id: string): Promise<Answered> {
  const { status, body } = await room.call('GET', `/entities/${encodeURIComponent(id)}`);
  must(status === 200 && typeof body === 'object' && body !== null, `GET entities/${id}: ${status} ${show(body)}`);
  return body as Answered;
}

async function count(room: Room): Promise<number | undefined> {
  const { status, headers, body } = await room.call('GET', `/entities?type=${room.type}&limit=1&count=true`);
  must(status === 200, `GET entities?type=…&count=true: ${status} ${show(body)}`);
  const counted = headers.get('ngsild-results-count');
  return counted === null ? undefined : Number(counted);
}

export const batches: readonly Check[] = [
  {
    name: 'batch: creates entities, which can be read at once',
    async run(room) {
      await upserted(room, [entityOf(room, 'a', { level: number(1) }), entityOf(room, 'b', { level: number(2) })]);
      for (const [name, value] of [
        ['a', 1],
        ['b', 2],
      ] as const) {
        const { level } = await read(room, room.id(name));
        must(level?.value === value, `level is ${show(level)} instead of ${value}`);
      }
      return undefined;
    },
  },
  {
    name: 'batch: leaves attributes alone that are not in it',
    async run(room) {
      await upserted(room, [entityOf(room, 'merge', { level: number(1), flow: number(5) })]);
      await upserted(room, [entityOf(room, 'merge', { level: number(2, '2026-05-01T10:05:00.000Z') })]);
      const { level, flow } = await read(room, room.id('merge'));
      must(level?.value === 2, `level is ${show(level)} instead of 2`);
      must(flow?.value === 5, `flow is ${show(flow)}: an upsert with options=update took it away`);
      return undefined;
    },
  },
  {
    name: 'batch: sent twice gives the same state',
    async run(room) {
      const same = [entityOf(room, 'twice', { level: number(3) })];
      await upserted(room, same);
      const before = await read(room, room.id('twice'));
      await upserted(room, same);
      const after = await read(room, room.id('twice'));
      must(JSON.stringify(before) === JSON.stringify(after), `first ${show(before)}, then ${show(after)}`);
      return undefined;
    },
  },
  {
    name: 'batch: takes new and known entities together',
    async run(room) {
      await upserted(room, [entityOf(room, 'known', { level: number(1) })]);
      await upserted(room, [entityOf(room, 'known', { level: number(2) }), entityOf(room, 'new', { level: number(3) })]);
      const values = [await read(room, room.id('known')), await read(room, room.id('new'))].map(({ level }) => level?.value);
      must(show(values) === '[2,3]', `the values are ${show(values)} instead of [2,3]`);
      return undefined;
    },
  },
  {
    name: 'batch: one bad entity does not take the others with it',
    async run(room) {
      const [good, bad] = [entityOf(room, 'good', { level: number(1) }), entityOf(room, 'bad', { level: { type: 'Property' } })];
      const verdict = await verdictOf(room, [good, bad]);
      if (verdict.kind === 'refused') return `refuses the whole batch (${verdict.message}); Klavže halves it until the bad one is alone`;
      must(verdict.kind === 'perItem', `it answers ${show(verdict)}`);
      must(!verdict.refused.some(({ id }) => id === good.id), `it refuses the good one: ${show(verdict.refused)}`);
      if (verdict.apart.length > 0) return 'does not say clearly which one is bad; Klavže sends them in smaller batches';
      const { level } = await read(room, good.id);
      must(level?.value === 1, `it said to have taken the good one, but level is ${show(level)}`);
      return verdict.refused.length === 0 ? 'takes a Property without a value' : undefined;
    },
  },
  {
    name: 'batch: 300 entities, then all of them again',
    async run(room) {
      const many = (value: number): Entity[] =>
        Array.from({ length: 300 }, (_, n) => entityOf(room, `many-${n}`, { level: number(value) }));
      const before = await count(room);
      await upserted(room, many(1));
      await upserted(room, many(2));
      const counted = await count(room);
      const { level } = await read(room, room.id('many-299'));
      must(level?.value === 2, `the last one of 300 is ${show(level)} instead of 2`);
      if (counted === undefined || before === undefined) return 'does not count (no NGSILD-Results-Count)';
      must(counted - before === 300, `${counted - before} of 300 entities are there`);
      return undefined;
    },
  },
  {
    name: 'batch: a body of 900 kB',
    async run(room) {
      const note = { type: 'Property', value: 'n'.repeat(30_000) };
      await upserted(
        room,
        Array.from({ length: 30 }, (_, n) => entityOf(room, `large-${n}`, { note })),
      );
      return undefined;
    },
  },
  {
    name: 'batch: deletes, also what is not there any more',
    async run(room) {
      const ids = [room.id('gone'), room.id('stays')];
      await upserted(room, [entityOf(room, 'gone', { level: number(1) })]);
      for (const again of [false, true]) {
        const verdict = readRemoval(await room.client.remove(JSON.stringify([ids[0]])), ids.slice(0, 1));
        must(
          verdict.kind === 'perItem' && verdict.accepted.length === 1,
          `${again ? 'the second time' : 'the first time'}: ${show(verdict)}`,
        );
      }
      const { status, body } = await room.call('GET', `/entities/${encodeURIComponent(ids[0] ?? '')}`);
      must(status === 404, `it is still there: ${status} ${show(body)}`);
      return undefined;
    },
  },
];
