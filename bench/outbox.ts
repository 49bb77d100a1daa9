/** Rows a second that the outbox takes and gives back, by group and one commit each. Prints one JSON object. `--rows N` (default 20000). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';

import type { Consignment } from '../core/outbox/outbox.ts';
import { openSqliteOutbox } from '../core/outbox/sqlite.ts';

const { values } = parseArgs({ options: { rows: { type: 'string', default: '20000' } } });
const rows = Number(values.rows);
const singles = Math.min(rows, 2_000);
const folder = mkdtempSync(join(tmpdir(), 'klavze-bench-'));
const outbox = openSqliteOutbox({ path: join(folder, 'outbox.db'), logger: pino({ level: 'silent' }) });

try {
  const single = await rate(singles, async () => {
    for (let n = 0; n < singles; n++) await outbox.append(consignment(n));
  });
  const group = await rate(rows, async () => {
    await Promise.all(Array.from({ length: rows }, (_, n) => outbox.append(consignment(n))));
  });
  const settle = await rate(rows, async () => {
    for (let queued = outbox.peek(200, 0, 1); queued.length > 0; queued = outbox.peek(200, 0, 1))
      outbox.settle({ accepted: queued, refused: [] });
  });
  console.log(
    JSON.stringify({ rows, appendsPerS: { oneByOne: single, inGroups: group }, peekAndSettlePerS: settle, node: process.version }),
  );
} finally {
  await outbox.close();
  rmSync(folder, { recursive: true, force: true });
}

async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round(count / ((performance.now() - start) / 1_000));
}

function consignment(n: number): Consignment {
  const observedAt = new Date(Date.UTC(2026, 4, 1) + n * 1_000).toISOString();
  const measured = (value: number, unitCode: string) => ({ type: 'Property' as const, value, unitCode, observedAt });
  const id = `urn:ngsi-ld:AirQualityObserved:sensor-${n % 100}`;
  const entity = {
    id,
    type: 'AirQualityObserved',
    pm10: measured(n % 90, 'GQ'),
    pm25: measured(n % 40, 'GQ'),
    no2: measured(n % 70, 'GQ'),
    temperature: measured(n % 30, 'CEL'),
    relativeHumidity: measured((n % 100) / 100, 'C62'),
  };
  return {
    publications: [{ entity, origin: { plugin: 'agents/envelopes/iota-json', from: `/json/key/${id}/attrs`, receivedAt: observedAt } }],
    deadLetters: [],
  };
}
