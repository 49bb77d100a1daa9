import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

interface Service {
  readonly image?: string;
  readonly healthcheck?: object;
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
}

const root = join(import.meta.dirname, '..', '..');
const file = 'docker-compose.fiware.yml';
const text = readFileSync(join(root, file), 'utf8');
const { services } = parse(text) as { services: Readonly<Record<string, Service>> };

const hasCompose = spawnSync('docker-compose', ['version']).status === 0;
if (!hasCompose) console.warn(`skipped: docker-compose config of ${file} (install the package docker-compose)`);

function configure(...options: readonly string[]): { status: number | null; stderr: string } {
  return spawnSync('docker-compose', ['-f', file, ...options, 'config'], { cwd: root, encoding: 'utf8' });
}

describe(file, () => {
  (hasCompose ? it : it.skip)('is valid without any .env and with the example', () => {
    for (const options of [[], ['--env-file', '.env.example']]) {
      const { status, stderr } = configure(...options);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
  });

  it('has its defaults explained in .env.example', () => {
    const defaults = [...text.matchAll(/\$\{(\w+):-([^}]*)\}/g)].map(([, name, value]) => `${name}=${value}`);
    const example = readFileSync(join(root, '.env.example'), 'utf8').split('\n');
    expect(example.filter((line) => /^\w+=/.test(line)).sort()).toEqual(defaults.sort());
  });

  it.each(Object.entries(services))('%s: pinned image, health check, loopback ports', (_name, service) => {
    expect(service.image).toMatch(/:\d+\.\d+(\.\d+)?$/);
    expect(service.healthcheck).toBeDefined();
    for (const port of service.ports ?? []) expect(port).toMatch(/^\$\{[A-Z]+_LISTEN:-127\.0\.0\.1\}:/);
  });

  it('publishes no port of the database and holds no password', () => {
    expect(services['mongo']?.ports).toBeUndefined();
    for (const { environment = {} } of Object.values(services)) {
      expect(Object.keys(environment).filter((name) => /PASSWORD$|TOKEN$|SECRET$/.test(name))).toEqual([]);
    }
  });

  it('runs Orion-LD on the new driver, without the request pool', () => {
    expect(text).toMatch(/command: -mongocOnly /);
    expect(services['orion']?.environment?.['ORIONLD_TRQ_POOL_SIZE']).toBe('0');
  });

  it('bakes only pinned images', () => {
    const bases = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toMatch(/:\d+-[a-z]+-slim$/);
  });

  it('names only variables that Klavže reads', async () => {
    const { unknownVariables } = await import('../../core/service/config.ts');
    expect(unknownVariables(services['klavze']?.environment ?? {})).toEqual([]);
  });
});
