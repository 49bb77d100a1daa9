import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Cluster } from '../../../core/outbox/jetstream/cluster.ts';
import { openGuestLine, openGuestOutbox } from '../../../core/outbox/jetstream/guest.ts';
import { openJetStreamOutbox } from '../../../core/outbox/jetstream/outbox.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { onlyShard } from '../../../core/outbox/shard.ts';
import { reject } from '../../../core/rejection.ts';
import { outboxContract } from './contract.ts';
import { natsBinary, startNats, type TestNats } from './nats.ts';
import { consign, gauge, letter, silent } from './samples.ts';

const suite = natsBinary === undefined ? describe.skip : describe;
if (natsBinary === undefined) console.warn('skipped: the JetStream outbox needs a nats-server; install Debian\'s package "nats-server"');

suite('on a real nats-server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-jetstream-'));
  let nats: TestNats;
  let files = 0;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(async () => {
    await nats.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const newFile = () => join(folder, `copy${files++}.db`);
  const open = (cluster: Cluster, epoch = 1, onFenced: () => void = () => undefined) =>
    openJetStreamOutbox({ cluster, shard: onlyShard, epoch, isHeld: () => true, onFenced, copyFile: newFile(), logger: silent });

  outboxContract('jetstream', async () => open(await nats.cluster({ prefix: `contract${files}` })));

  describe('jetstream outbox', () => {
    const opened: Outbox[] = [];
    const opening = async (...given: Parameters<typeof open>) => {
      const outbox = await open(...given);
      opened.push(outbox);
      return outbox;
    };
    afterEach(async () => {
      for (const outbox of opened.splice(0)) await outbox.close();
    });
    const ids = (outbox: Outbox) => outbox.peek(99, 0, 1).map(({ entity }) => entity.id.split(':').at(-1));
    const until = async (isSo: () => boolean | Promise<boolean>) => {
      for (let tries = 0; !(await isSo()); tries++) {
        if (tries === 1_000) throw new Error('waited in vain');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const messages = async (cluster: Cluster) => (await cluster.jsm.streams.info(`${cluster.options.prefix}-outbox-0-of-1`)).state.messages;

    it('the next owner goes on where the last one stopped: queue, watermarks, letters with their numbers, state', async () => {
      const cluster = await nats.cluster({ prefix: 'goon' });
      const first = await opening(cluster);
      await first.append({ ...consign(gauge('a', 1), gauge('b', 2), gauge('c', 3)), deadLetters: [letter()] });
      await first.append(consign(gauge('d', 4)));
      const [a, b] = first.peek(2, 0, 1);
      if (a === undefined || b === undefined) throw new Error('nothing queued');
      first.settle({ accepted: [a], refused: [{ queued: b, rejection: reject('deliver', 'refused_by_broker', 'no') }] });
      first.deadLetters.markReplayed([1], '2026-05-02T00:00:00.000Z');
      first.state.set('adapters/arso-air', { etag: '"7"' });
      const before = { letters: first.deadLetters.list({ replayed: true }), mark: first.watermark(a.entity.id, 'waterLevel') };
      await first.close();

      const second = await opening(cluster, 2);

      // What came in one message is forgotten as one: the settled ones of it are delivered again, as repeats.
      expect(ids(second)).toEqual(['a', 'b', 'c', 'd']);
      expect(second.deadLetters.list({ replayed: true })).toEqual(before.letters);
      expect(before.letters.map(({ id, replayedAt }) => [id, replayedAt])).toEqual([
        [1, '2026-05-02T00:00:00.000Z'],
        [2, undefined],
      ]);
      expect(second.watermark(a.entity.id, 'waterLevel')).toEqual(before.mark);
      expect(second.state.get('adapters/arso-air')).toEqual({ etag: '"7"' });
    });

    it('takes messages out of the stream when all of them is settled, and not before', async () => {
      const cluster = await nats.cluster({ prefix: 'ack' });
      const outbox = await opening(cluster);
      await outbox.append(consign(gauge('a', 1), gauge('b', 2)));
      await outbox.append({ publications: [], deadLetters: [letter()] });
      const queued = outbox.peek(9, 0, 1);
      outbox.settle({ accepted: queued.slice(0, 1), refused: [] });
      await until(async () => (await messages(cluster)) === 1);
      outbox.settle({ accepted: queued.slice(0, 1), refused: [] });
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(await messages(cluster)).toBe(1);

      outbox.settle({ accepted: queued.slice(1), refused: [] });

      await until(async () => (await messages(cluster)) === 0);
      expect(outbox.deadLetters.count()).toBe(1);
    });

    it('an owner that was replaced can append nothing more, and is told', async () => {
      let fenced = 0;
      const old = await opening(await nats.cluster({ prefix: 'fence' }), 1, () => fenced++);
      await old.append(consign(gauge('a', 1)));

      const next = await opening(await nats.cluster({ prefix: 'fence' }), 2);
      expect(ids(next)).toEqual(['a']);
      await expect(old.append(consign(gauge('b', 2)))).rejects.toThrow('taken over');

      expect(fenced).toBe(1);
      expect(old.writable).toBe(false);
      await next.append(consign(gauge('c', 3)));
      expect(ids(next)).toEqual(['a', 'c']);
    });

    it('takes what guests append, and both go on', async () => {
      const owner = await opening(await nats.cluster({ prefix: 'guest' }));
      const guests = await nats.cluster({ prefix: 'guest' });
      const line = openGuestLine(guests, onlyShard);
      await owner.append(consign(gauge('a', 1)));
      await line.append({ ...consign(gauge('b', 2)), deadLetters: [letter('unknown_device')] });
      await until(() => ids(owner).includes('b') && owner.deadLetters.count() === 1);
      await owner.append(consign(gauge('c', 3)));
      await line.append(consign(gauge('d', 4)));
      await until(() => ids(owner).length === 4);

      expect(ids(owner)).toEqual(['a', 'b', 'c', 'd']);
      line.close();
    });

    it('a command beside the owner sees dead letters and marks them', async () => {
      const owner = await opening(await nats.cluster({ prefix: 'beside' }));
      await owner.append({ publications: [], deadLetters: [letter(), letter('unknown_device')] });
      const guests = await nats.cluster({ prefix: 'beside' });
      await until(async () => (await guests.jsm.streams.info('beside-letters-0-of-1')).state.messages > 0);
      const guest = await openGuestOutbox(guests, onlyShard, { copyFile: newFile(), logger: silent });
      expect(guest.deadLetters.list()).toEqual(owner.deadLetters.list());

      guest.deadLetters.markReplayed([2], '2026-05-02T00:00:00.000Z');
      await guest.append(consign(gauge('a', 1)));
      await guest.close();
      await until(() => ids(owner).length === 1);
      await owner.close();

      const next = await opening(await nats.cluster({ prefix: 'beside' }), 2);
      expect(next.deadLetters.list().map(({ id }) => id)).toEqual([1]);
    });

    it('waits while NATS is away, and loses nothing', async () => {
      const cluster = await nats.cluster({ prefix: 'away' });
      const outbox = await opening(cluster);
      await outbox.append(consign(gauge('a', 1)));
      await nats.kill();
      const appended = outbox.append(consign(gauge('b', 2)));
      outbox.settle({ accepted: outbox.peek(1, 0, 1), refused: [] });
      await until(() => !outbox.writable);
      await nats.start();

      await appended;

      expect(outbox.writable).toBe(true);
      expect(ids(outbox)).toEqual(['b']);
      await until(async () => (await messages(cluster).catch(() => 9)) === 1);
      outbox.settle({ accepted: outbox.peek(1, 0, 1), refused: [] });
      await until(async () => (await messages(cluster).catch(() => 9)) === 0);
    }, 60_000);

    it('keeps what is larger than a message of NATS', async () => {
      const cluster = await nats.cluster({ prefix: 'large' });
      const outbox = await opening(cluster);
      const raw = Buffer.alloc(1_048_576, 7);
      raw.forEach((_, at) => (raw[at] = (at * 2_654_435_761) >>> 13));
      const many = Array.from({ length: 9_000 }, (_, n) => gauge(`g${n}`, n));
      await outbox.append({ ...consign(...many), deadLetters: [{ ...letter(), raw }] });
      expect(outbox.depth('2026-05-01T10:00:00.000Z').count).toBe(9_000);
      const [dead] = outbox.deadLetters.list();
      expect(dead?.rejection.message).toContain('max_payload');
      expect(raw.subarray(0, dead?.raw.length).equals(Buffer.from(dead?.raw ?? []))).toBe(true);
      expect(dead?.raw.length).toBeGreaterThan(700_000);
      await outbox.close();

      const next = await opening(cluster, 2);
      expect(next.peek(20_000, 0, 1).map(({ entity }) => entity)).toEqual(many);
      expect(next.deadLetters.count()).toBe(1);
    });
  });
});
