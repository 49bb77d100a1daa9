/** What goes into the next batch. */
import { expect, it } from '@jest/globals';

import { DeliveryQueue } from '../../../core/deliver/queue.ts';
import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { gauge, origin } from '../outbox/samples.ts';

const queueOf = (outbox: Outbox): DeliveryQueue =>
  new DeliveryQueue({ outbox, limits: { entities: 10, bytes: 100_000 }, coalesce: 'off', contextOf: () => '', now: () => 0 });

it('offers an entity once, also after its newest state went first and was all that waited', async () => {
  const outbox = createMemoryOutbox();
  const append = (value: number): Promise<void> =>
    outbox.append({ publications: [{ entity: gauge('a', value, value), origin }], deadLetters: [] });
  const queue = queueOf(outbox);
  await append(1);
  expect(queue.fill()).toBe(true);
  queue.hurry();
  const first = queue.take();
  expect(first?.parcels).toMatchObject([{ express: true, queued: [{ seq: 1 }] }]);
  if (first === undefined) return;
  outbox.settle({ accepted: first.parcels.flatMap(({ queued }) => queued), refused: [] });
  queue.settled([1]);
  queue.finish(first);

  await append(2);
  queue.fill();
  expect(queue.take()?.parcels.map(({ queued }) => queued.map(({ seq }) => seq))).toEqual([[2]]);
  await append(3);
  queue.fill();
  expect(queue.take()).toBeUndefined();
});

it('sends the newest state again before older ones when it is not known whether the broker took it', async () => {
  const outbox = createMemoryOutbox();
  const publications = [1, 2, 3].map((value) => ({ entity: gauge('a', value, value), origin }));
  await outbox.append({ publications, deadLetters: [] });
  const queue = queueOf(outbox);
  queue.fill();
  queue.hurry();
  const first = queue.take();
  expect(first?.parcels).toMatchObject([{ express: true, queued: [{ seq: 3 }] }]);
  // Meanwhile it is looked for more.
  queue.fill();
  if (first !== undefined) queue.finish(first);
  queue.fill();
  expect(queue.take()?.parcels).toMatchObject([{ express: true, queued: [{ seq: 3 }] }]);
});

it('does not send a newest state first that went in its turn meanwhile', async () => {
  const outbox = createMemoryOutbox();
  await outbox.append({ publications: [{ entity: gauge('a', 1, 1), origin }], deadLetters: [] });
  const queue = queueOf(outbox);
  queue.fill();
  const first = queue.take();
  expect(first?.parcels).toMatchObject([{ queued: [{ seq: 1 }] }]);
  // The outage turns out to be a long one while it is under way.
  queue.hurry();
  expect(queue.take()).toBeUndefined();
  if (first === undefined) return;
  outbox.settle({ accepted: first.parcels.flatMap(({ queued }) => queued), refused: [] });
  queue.settled([1]);
  queue.finish(first);
  queue.fill();
  expect(queue.take()).toBeUndefined();
});
