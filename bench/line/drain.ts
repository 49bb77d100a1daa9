/**
 * `npm run bench:drain`: an outbox that filled up while the broker was away for a day, drained into an HTTP sink. Says how many entity states
 * a second, when the newest state of every entity had come, and how the memory went. `--entities N` (default 1000000), `--devices N` (1000).
 * The last line on stdout is one JSON object.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';

import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { freePort } from '../../test/core/source/mqtt-brokers.ts';
import { entityId, entityType, measurement, measures } from './load.ts';
import { now, start } from './parts.ts';

const { values } = parseArgs({
  options: { entities: { type: 'string', default: '1000000' }, devices: { type: 'string', default: '1000' } },
});
const entities = Number(values.entities);
const devices = Number(values.devices);
const folder = mkdtempSync(join(tmpdir(), 'klavze-drain-'));
const base = Date.now() - 86_400_000;
const [sink, line] = [start('sink'), start('line')];

const loaded = line.said('loaded');

try {
  await fill();
  const [sinkPort] = await Promise.all([freePort(), loaded]);
  await line.ask({ messages: 0, devices, qos: 1, base, port: await freePort(), sinkPort, dataDir: folder, alone: true });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const newest = new Date(base + (Math.ceil(entities / devices) - 1) * 1_000).toISOString();
  await sink.ask({ expect: Infinity, newest, of: entities % devices === 0 ? devices : entities % devices });
  const returned = sink.said<number>('newest');
  await sink.ask({ listen: sinkPort });
  const from = now();
  const rss: number[] = [];
  let left = entities;
  for (; left > 0; left = await line.ask<number>('depth')) {
    rss.push((await line.ask<number>('rss')) / 1e6);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const seconds = (now() - from) / 1_000;
  const third = Math.floor(rss.length / 3);
  const mean = (part: readonly number[]): number => Math.round(part.reduce((sum, one) => sum + one, 0) / Math.max(1, part.length));
  console.log(
    JSON.stringify({
      entities,
      devices,
      perSecond: Math.round(entities / seconds),
      newestAfterS: Number((((await returned) - from) / 1_000).toFixed(2)),
      deadLetters: await line.ask<number>('stop'),
      rssMb: {
        first: mean(rss.slice(0, third)),
        middle: mean(rss.slice(third, 2 * third)),
        last: mean(rss.slice(2 * third)),
        peak: Math.round(Math.max(...rss)),
      },
    }),
  );
} finally {
  await line.end();
  await sink.end();
  rmSync(folder, { recursive: true, force: true });
}

/** The outbox of a day without a broker. */
async function fill(): Promise<void> {
  const outbox = openSqliteOutbox({
    path: join(folder, 'outbox.db'),
    logger: pino({ level: 'silent' }),
    clock: () => new Date(base).toISOString(),
    commitGroup: 2_000,
  });
  for (let n = 0; n < entities;) {
    const some: Promise<void>[] = [];
    for (const end = Math.min(entities, n + 2_000); n < end; n++) {
      const { device, observedAt, values: own } = measurement(n, { devices, base });
      const attributes = measures.map((name, place) => [name, { type: 'Property', value: own[place], unitCode: 'GQ', observedAt }]);
      const entity = { id: entityId(device), type: entityType, ...(Object.fromEntries(attributes) as object) };
      const origin = { plugin: 'agents/envelopes/iota-json', from: `/json/key/${device}/attrs`, receivedAt: observedAt };
      some.push(outbox.append({ publications: [{ entity, origin }], deadLetters: [] }));
    }
    await Promise.all(some);
  }
  await outbox.close();
}
