import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import axios from 'axios';

import { startUp, type Running } from '../../bin/up.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';

const knowledge = await loadKnowledge();
let folder: string;
let running: Running | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-roles-'));
  const adapters = Object.fromEntries([...knowledge.adapters.keys()].map((name) => [name, { enabled: false }]));
  const config = { dataDir: join(folder, 'data'), http: { port: 0 }, mqtt: { port: 0 }, broker: { port: 0 }, adapters };
  writeFileSync(join(folder, 'klavze.yaml'), JSON.stringify(config));
});
afterEach(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true });
});

/** Starts with KLAVZE_ROLES; gives the names of its health checks and how it answers where devices are provisioned. */
async function play(roles: string): Promise<{ readonly mqtt: boolean; readonly checks: readonly string[]; readonly iot: number }> {
  running = await startUp(loadConfig({ KLAVZE_ROLES: roles }, folder), knowledge, createLogger('fatal'));
  const { urls } = running;
  const health = await axios.get<{ checks: Record<string, unknown> }>(`${urls.http}/health/ready`, { validateStatus: () => true });
  const iot = await axios.get(`${urls.http}/iot/devices`, {
    headers: { 'fiware-service': 'a', 'fiware-servicepath': '/' },
    validateStatus: () => true,
  });
  return { mqtt: urls.mqtt !== '', checks: Object.keys(health.data.checks), iot: iot.status };
}

it.each(['adapters', 'sharing', 'adapters,sharing'])('%s: listens to no device and provisions none', async (roles) => {
  const { mqtt, checks, iot } = await play(roles);
  expect(mqtt).toBe(false);
  expect(checks).not.toContain('mqtt');
  expect(iot).toBe(404);
});

it('agents: listens to devices and lets them be provisioned', async () => {
  const { mqtt, checks, iot } = await play('agents');
  expect(mqtt).toBe(true);
  expect(checks).toContain('mqtt');
  expect(iot).toBe(200);
});

it('a role that does not exist is refused by name', () => {
  expect(() => loadConfig({ KLAVZE_ROLES: 'agents,door' }, folder)).toThrow(/roles/);
});
