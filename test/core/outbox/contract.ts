import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compare } from '../../../core/outbox/watermarks.ts';
import type { Outbox } from '../../../core/outbox/outbox.ts';
import { reject } from '../../../core/rejection.ts';
import { consign, gauge, letter, origin, removal } from './samples.ts';

/** What every outbox must keep, whatever it is made of. */
export function outboxContract(name: string, open: () => Outbox | Promise<Outbox>): void {
  describe(`${name}: outbox contract`, () => {
    let outbox: Outbox;
    beforeEach(async () => {
      outbox = await open();
    });
    afterEach(() => outbox.close());

    it('gives publications back in the order of acceptance, unchanged', async () => {
      const entities = Array.from({ length: 30 }, (_, n) => gauge(`g${n}`, n / 10));
      await Promise.all(entities.map((entity) => outbox.append(consign(entity))));

      const queued = outbox.peek(100, 0, 1);

      expect(queued.map(({ entity }) => entity)).toEqual(entities);
      expect(queued.map(({ origin: from }) => from)).toEqual(entities.map(() => origin));
      expect(queued.map(({ seq }) => seq)).toEqual(queued.map(({ seq }) => seq).toSorted((a, b) => a - b));
      expect(outbox.peek(4, 0, 1)).toEqual(queued.slice(0, 4));
      expect(outbox.peek(4, 0, 1, queued[3]?.seq)).toEqual(queued.slice(4, 8));
    });

    it('keeps an entity in one lane and every publication in exactly one', async () => {
      const entities = Array.from({ length: 120 }, (_, n) => gauge(`g${n % 40}`, n));
      await outbox.append(consign(...entities));

      const lanes = [0, 1, 2, 3].map((lane) => outbox.peek(200, lane, 4));

      expect(lanes.flat()).toHaveLength(120);
      const lanesOfId = new Map<string, Set<number>>();
      for (const [lane, queued] of lanes.entries()) {
        expect(queued.length).toBeGreaterThan(0);
        expect(queued.map(({ seq }) => seq)).toEqual(queued.map(({ seq }) => seq).toSorted((a, b) => a - b));
        for (const { entity } of queued) lanesOfId.set(entity.id, (lanesOfId.get(entity.id) ?? new Set()).add(lane));
      }
      expect([...lanesOfId.values()].every((used) => used.size === 1)).toBe(true);
      expect(outbox.peek(3, 2, 4)).toEqual(lanes[2]?.slice(0, 3));
    });

    it('keeps tenants apart: the same id in two of them is two entities', async () => {
      const to = (tenant: string, value: number, minute: number) =>
        outbox.append({ publications: [{ entity: gauge('a', value, minute), origin: { ...origin, tenant } }], deadLetters: [] });
      await to('energija', 1, 20);
      await to('okolje', 2, 10);
      await outbox.append(consign(gauge('a', 3, 5)));
      const queued = outbox.peek(9, 0, 1);
      expect(queued.map(({ origin: from }) => from.tenant)).toEqual(['energija', 'okolje', undefined]);
      expect(outbox.tenants?.().toSorted() ?? ['energija', 'okolje']).toEqual(['energija', 'okolje']);
      outbox.settle({ accepted: queued, refused: [] });
      const at = (key: string) => outbox.watermark(key, 'waterLevel')?.observedAt;
      const entity = gauge('a', 1).id;
      expect([at(`energija|${entity}`), at(`okolje|${entity}`), at(entity)]).toEqual([
        '2026-05-01T10:20:00.000Z',
        '2026-05-01T10:10:00.000Z',
        '2026-05-01T10:05:00.000Z',
      ]);
    });

    it('settles: accepted ones go and move watermarks, refused ones become dead letters', async () => {
      await outbox.append(consign(gauge('a', 1), gauge('b', 2), gauge('c', 3)));
      const [a, b] = outbox.peek(3, 0, 1);
      if (a === undefined || b === undefined) throw new Error('nothing queued');

      outbox.settle({ accepted: [a], refused: [{ queued: b, rejection: reject('deliver', 'refused_by_broker', 'the broker says no') }] });

      expect(outbox.peek(9, 0, 1).map(({ entity }) => entity.id)).toEqual(['urn:ngsi-ld:WaterObserved:c']);
      expect(outbox.depth('2026-05-01T10:00:01.000Z').count).toBe(1);
      expect(outbox.watermark(a.entity.id, 'waterLevel')).toMatchObject({ observedAt: '2026-05-01T10:00:00.000Z' });
      expect(outbox.watermark(b.entity.id, 'waterLevel')).toBeUndefined();
      const [dead] = outbox.deadLetters.list();
      expect(dead).toMatchObject({ origin, rejection: { code: 'refused_by_broker', message: 'the broker says no' } });
      expect(JSON.parse(Buffer.from(dead?.raw ?? []).toString())).toEqual(b.entity);
    });

    it('never moves a watermark back and knows an exact repeat from a correction', async () => {
      await outbox.append(consign(gauge('a', 5, 30), gauge('a', 4, 10)));
      const queued = outbox.peek(2, 0, 1);
      outbox.settle({ accepted: queued, refused: [] });

      const mark = outbox.watermark('urn:ngsi-ld:WaterObserved:a', 'waterLevel');

      expect(mark?.observedAt).toBe('2026-05-01T10:30:00.000Z');
      const verdict = (level: number, minute: number) => {
        const { waterLevel } = gauge('a', level, minute);
        if (typeof waterLevel !== 'object') throw new Error('no level');
        return compare(waterLevel, undefined, mark);
      };
      expect([verdict(5, 30), verdict(6, 30), verdict(5, 29), verdict(5, 31)]).toEqual(['repeat', 'newer', 'late', 'newer']);
    });

    it('a publication may be partly accepted: it goes, its watermark moves and its letter stays', async () => {
      await outbox.append(consign(gauge('a', 1)));
      const [a] = outbox.peek(1, 0, 1);
      if (a === undefined) throw new Error('nothing queued');

      outbox.settle({ accepted: [a], refused: [{ queued: a, rejection: reject('deliver', 'late_value', 'too late') }] });

      expect(outbox.depth('2026-05-01T10:00:01.000Z').count).toBe(0);
      expect(outbox.watermark(a.entity.id, 'waterLevel')).toBeDefined();
      expect(outbox.deadLetters.count()).toBe(1);
    });

    it('knows an older state that was taken before, but none that was refused, only waits, or was removed since', async () => {
      await outbox.append(consign(gauge('a', 1, 1), gauge('a', 2, 2), gauge('b', 1, 1), gauge('c', 1, 1), gauge('d', 1, 1)));
      const [a1, a2, b, c] = outbox.peek(9, 0, 1);
      if (a1 === undefined || a2 === undefined || b === undefined || c === undefined) throw new Error('nothing queued');
      const rejection = reject('deliver', 'refused_by_broker', 'the broker says no');
      outbox.settle({ accepted: [a1, a2, c], refused: [{ queued: b, rejection }] });
      await outbox.append(removal('c'));
      outbox.settle({ accepted: outbox.peek(9, 0, 1).filter(({ removal: isRemoval }) => isRemoval === true), refused: [] });

      await outbox.append(consign(gauge('a', 1, 1), gauge('a', 1, 2), gauge('b', 1, 1), gauge('c', 1, 1)));

      const again = outbox.peek(9, 0, 1).map((queued) => [queued.entity.id.at(-1), outbox.wasTaken?.(queued)]);
      expect(again).toEqual([
        ['d', false],
        ['a', true],
        ['a', false],
        ['b', false],
        ['c', false],
      ]);
    });

    it('keeps removals in order with the states, and forgets the watermarks of what was removed', async () => {
      await outbox.append(consign(gauge('a', 1, 30)));
      await outbox.append(removal('a'));
      await outbox.append(consign(gauge('a', 2, 10)));
      const queued = outbox.peek(9, 0, 1);
      expect(queued.map((one) => [one.removal, Object.keys(one.entity).length])).toEqual([
        [undefined, 3],
        [true, 2],
        [undefined, 3],
      ]);
      const mark = () => outbox.watermark('urn:ngsi-ld:WaterObserved:a', 'waterLevel')?.observedAt;

      outbox.settle({ accepted: queued.slice(0, 1), refused: [] });
      expect(mark()).toBe('2026-05-01T10:30:00.000Z');
      outbox.settle({ accepted: queued.slice(1, 2), refused: [] });
      expect(mark()).toBeUndefined();
      outbox.settle({ accepted: queued.slice(2), refused: [] });
      expect(mark()).toBe('2026-05-01T10:10:00.000Z');
    });

    it('keeps dead letters with their raw bytes, lists them by code and plug-in, and marks them replayed', async () => {
      const binary = Buffer.from([0, 255, 1, 254]);
      await outbox.append({ publications: [], deadLetters: [letter(), letter('unknown_device'), { ...letter(), raw: binary }] });

      const all = outbox.deadLetters.list();
      expect(all.map(({ rejection }) => rejection.code)).toEqual(['malformed_payload', 'unknown_device', 'malformed_payload']);
      expect(Buffer.from(all[2]?.raw ?? [])).toEqual(binary);
      expect(outbox.deadLetters.list({ code: 'unknown_device' })).toEqual([all[1]]);
      expect(outbox.deadLetters.list({ plugin: origin.plugin, limit: 2 })).toEqual(all.slice(0, 2));
      expect(outbox.deadLetters.list({ plugin: 'adapters/none' })).toEqual([]);
      expect(outbox.deadLetters.get(all[1]?.id ?? 0)).toEqual(all[1]);
      expect(outbox.deadLetters.get(99)).toBeUndefined();

      outbox.deadLetters.markReplayed([all[0]?.id ?? 0], '2026-05-02T00:00:00.000Z');

      expect(outbox.deadLetters.list()).toEqual(all.slice(1));
      expect(outbox.deadLetters.list({ replayed: true })[0]?.replayedAt).toBe('2026-05-02T00:00:00.000Z');
      expect(outbox.deadLetters.count()).toBe(2);
    });

    it('keeps small state', () => {
      expect(outbox.state.get('adapters/arso-air')).toBeUndefined();
      outbox.state.set('adapters/arso-air', { etag: '"7"' });
      outbox.state.set('adapters/arso-air', { etag: '"8"' });
      expect(outbox.state.get('adapters/arso-air')).toEqual({ etag: '"8"' });
    });

    it('tells how many wait and how long', async () => {
      expect(outbox.depth('2026-05-01T10:00:00.000Z')).toEqual({ count: 0, oldestMs: 0 });
      await outbox.append(consign(gauge('a', 1), gauge('b', 1)));
      const { count, oldestMs } = outbox.depth('2099-01-01T00:00:00.000Z');
      expect(count).toBe(2);
      expect(oldestMs).toBeGreaterThan(0);
    });

    it('tells its listeners of new publications, after they can be peeked', async () => {
      const seen: number[] = [];
      outbox.onAppended(() => seen.push(outbox.peek(9, 0, 1).length));
      await outbox.append({ publications: [], deadLetters: [letter()] });
      await outbox.append(consign(gauge('a', 1)));
      expect(seen).toEqual([1]);
    });

    it('refuses to append after it was closed', async () => {
      await outbox.close();
      await expect(outbox.append(consign(gauge('a', 1)))).rejects.toThrow('closed');
      outbox = await open();
    });
  });
}
