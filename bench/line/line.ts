/** The whole line as `klavze up` puts it together, in a process of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startUp, type Running } from '../../bin/up.ts';
import { loadConfig } from '../../core/service/config.ts';
import { keepHeapSmall } from '../../core/service/heap.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';
import type { Load } from './load.ts';
import { answer, say, usage } from './parts.ts';

export interface LineTask extends Pick<Load, 'devices'> {
  readonly port: number;
  readonly sinkPort: number;
  /** An outbox that is there already; left out: a new one. */
  readonly dataDir?: string;
  /** Delivers only; there is no MQTT broker. */
  readonly alone?: boolean;
}

keepHeapSmall();
const knowledge = await loadKnowledge();
let running: Running | undefined;
let folder = '';
say('loaded', true);

answer(async (task: LineTask | 'usage' | 'letters' | 'stop' | 'rss' | 'depth' | 'exit') => {
  if (task === 'exit') process.exit();
  if (task === 'usage') return usage();
  if (task === 'rss') return process.memoryUsage.rss();
  if (task === 'depth') return running?.outbox.depth(new Date().toISOString()).count;
  if (task === 'letters') return running?.outbox.deadLetters.count();
  if (task === 'stop') {
    const letters = running?.outbox.deadLetters.count();
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
    return letters;
  }
  folder = mkdtempSync(join(tmpdir(), 'klavze-bench-'));
  const dataDir = task.dataDir ?? join(folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  const devices = Array.from({ length: task.devices }, (_, n) => ({ id: `sensor-${n}`, family: 'air-quality', location: [14.03, 46] }));
  writeFileSync(join(folder, 'devices.yaml'), JSON.stringify({ devices }));
  const config = {
    dataDir,
    devices: join(folder, 'devices.yaml'),
    logLevel: 'warn',
    http: { port: 0 },
    mqtt: { url: `mqtt://127.0.0.1:${task.port}` },
    broker: { url: `http://127.0.0.1:${task.sinkPort}` },
    adapters: Object.fromEntries([...knowledge.adapters.keys()].map((name) => [name, { enabled: false }])),
  };
  writeFileSync(join(folder, 'klavze.yaml'), JSON.stringify(config));
  const loaded = loadConfig({}, folder);
  running = await startUp(loaded, knowledge, createLogger('warn'));
  if (task.alone === true) return undefined;
  const ready = `${running.urls.http}/health/ready`;
  while ((await fetch(ready)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  return undefined;
});
