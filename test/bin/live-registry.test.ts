import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { followHidden } from '../../bin/hidden.ts';
import { liveRegistry } from '../../bin/live-registry.ts';
import { loadConfig } from '../../core/service/config.ts';
import type { LoadedKnowledge } from '../../core/service/knowledge.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { loadFamilies } from '../../core/service/plugins.ts';

const folder = mkdtempSync(join(tmpdir(), 'klavze-registry-'));
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  rmSync(folder, { recursive: true });
});

it('the registry of devices is followed once in a process, for agents, sharing and gateway alike', async () => {
  const file = join(folder, 'devices.yaml');
  const write = (access: string): void =>
    writeFileSync(file, `devices:\n  - id: a\n    family: air-quality\n    location: [14.03, 46]\n    access: ${access}\n`);
  write('internal');
  const config = loadConfig({ KLAVZE_DEVICES_FILE: file }, folder);
  const agents = { families: await loadFamilies(), envelopes: [], decoders: new Map(), faults: [] };
  const knowledge = { models: loadModels(), agents } as unknown as LoadedKnowledge;
  const logger = pino({ level: 'silent' });
  const [one, other] = [followHidden(config, knowledge, logger, closers), followHidden(config, knowledge, logger, closers)];
  expect(closers).toHaveLength(1);
  const isHidden = (): boolean[] => [one, other].map((hidden) => hidden().isHidden('urn:ngsi-ld:AirQualityObserved:a', 'partner'));
  expect(isHidden()).toEqual([true, true]);
  write('open');
  liveRegistry(config, knowledge, logger, closers).reload();
  expect(isHidden()).toEqual([false, false]);
  const ofAnother = liveRegistry(config, knowledge, logger, []);
  closers.push(() => ofAnother.close());
  expect(ofAnother).not.toBe(liveRegistry(config, knowledge, logger, closers));
});
