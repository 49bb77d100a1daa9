/** The judge of the fault bench must find what is wrong. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';

import { startProxy } from '../../bench/chaos/proxy.ts';
import { Recorder } from '../../bench/chaos/recorder.ts';
import { mergeRow, reportOf, type Finding } from '../../bench/chaos/report.ts';
import { entityId, messageOf, published, type Truth } from '../../bench/chaos/truth.ts';

const truth: Truth = { run: 'test', devices: 2, base: Date.UTC(2026, 4, 1) };

function arrive(recorder: Recorder, n: number, into: 'state' | 'history' = 'state', value?: unknown): void {
  const { device, observedAt, pm10 } = published(truth, n);
  recorder.arrived(entityId(truth, device), observedAt, value ?? pm10, into);
}

const finding = (more: Partial<Finding>): Finding => ({
  expected: [0, 1, 2, 3],
  holds: () => true,
  arrivals: new Recorder(truth).arrivals(),
  stale: [],
  poison: { sent: 0, kept: 0 },
  reported: new Set(),
  ...more,
});
const measured = { rounds: 1, recoverS: 0, peakRssMb: 0 };

describe('truth', () => {
  it('knows the message of a value, and values of nobody', () => {
    for (const n of [0, 1, 2, 999]) {
      const { device, observedAt } = published(truth, n);
      expect(messageOf(truth, entityId(truth, device), observedAt)).toBe(n);
    }
    expect(messageOf(truth, 'urn:ngsi-ld:AirQualityObserved:other-0', published(truth, 0).observedAt)).toBeUndefined();
    expect(messageOf(truth, entityId(truth, 0), '2026-05-01T00:00:00.100Z')).toBeUndefined();
  });
});

describe('the recorder', () => {
  it('takes what comes in order', () => {
    const recorder = new Recorder(truth);
    for (const n of [0, 1, 2, 3]) arrive(recorder, n);
    expect(recorder.arrivals()).toEqual({ distinct: 4, duplicated: 0, outOfOrder: 0, faults: [] });
  });

  it('counts a repeat, and a value given to the present state after a newer one', () => {
    const recorder = new Recorder(truth);
    for (const n of [0, 4, 4, 2]) arrive(recorder, n);
    expect(recorder.arrivals()).toMatchObject({ distinct: 3, duplicated: 1, outOfOrder: 1 });
  });

  it('lets an older value into the history', () => {
    const recorder = new Recorder(truth);
    arrive(recorder, 4);
    arrive(recorder, 2, 'history');
    expect(recorder.arrivals()).toMatchObject({ distinct: 2, outOfOrder: 0, faults: [] });
  });

  it('finds a wrong value', () => {
    const recorder = new Recorder(truth);
    arrive(recorder, 0, 'state', 99);
    expect(recorder.arrivals().faults).toHaveLength(1);
  });
});

describe('the report', () => {
  it('counts what neither arrived nor is kept as lost', () => {
    const some = finding({ holds: (n) => n !== 2, poison: { sent: 3, kept: 2 } });
    expect(reportOf('kill', [some], measured)).toMatchObject({ sent: 7, delivered: 3, dead: 2, lost: 2, outOfOrder: 0 });
  });

  it('counts what was destroyed and reported as dead, and a stale entity as out of order', () => {
    const some = finding({ holds: (n) => n !== 2, reported: new Set([2]), stale: ['one'] });
    expect(reportOf('corrupt-page', [some], measured)).toMatchObject({ delivered: 3, dead: 1, lost: 0, outOfOrder: 1 });
  });

  it('replaces a row of the table and keeps the others', () => {
    const table = mergeRow(mergeRow('', ['`kill`', 1]), ['`hang`', 2]);
    expect(mergeRow(table, ['`kill`', 3], ['hang', 'kill'])).toBe('| `hang` | 2 |\n| `kill` | 3 |');
    expect(mergeRow(table.replace('`kill` |', '`kill`      |'), ['`kill`', 3])).toBe('| `kill` | 3 |\n| `hang` | 2 |');
  });
});

describe('the proxy', () => {
  const upsert = (url: string, n: number): Promise<Response> => {
    const { device, observedAt, pm10 } = published(truth, n);
    const body = JSON.stringify([{ id: entityId(truth, device), type: 'AirQualityObserved', pm10: { value: pm10, observedAt } }]);
    return fetch(`${url}/ngsi-ld/v1/entityOperations/upsert?options=update`, { method: 'POST', body });
  };

  it('fails as it is told and notes only what the broker took', async () => {
    let taken = 0;
    const broker = createServer((request, response) => {
      taken++;
      request.resume().on('end', () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
    const recorder = new Recorder(truth);
    const proxy = await startProxy(`http://127.0.0.1:${(broker.address() as AddressInfo).port}`, () => recorder);
    try {
      expect((await upsert(proxy.url, 0)).status).toBe(204);
      proxy.setFault({ kind: 'status', status: 503 });
      expect((await upsert(proxy.url, 1)).status).toBe(503);
      proxy.setFault({ kind: 'reset' });
      await expect(upsert(proxy.url, 1)).rejects.toThrow();
      expect([taken, recorder.arrivals().distinct]).toEqual([1, 1]);
      proxy.setFault({ kind: 'drop-after-commit' });
      await expect(upsert(proxy.url, 1)).rejects.toThrow();
      expect([taken, recorder.arrivals().distinct]).toEqual([2, 2]);
      proxy.setFault(undefined);
      await proxy.down();
      await expect(upsert(proxy.url, 2)).rejects.toThrow();
      await proxy.up();
      expect((await upsert(proxy.url, 2)).status).toBe(204);
      expect(recorder.arrivals()).toEqual({ distinct: 3, duplicated: 0, outOfOrder: 0, faults: [] });
    } finally {
      await proxy.close();
      broker.closeAllConnections();
      await new Promise((resolve) => broker.close(resolve));
    }
  });
});
