import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse as parseYaml } from 'yaml';

const parse = (yaml: string): unknown => parseYaml(yaml, { merge: true });

interface Service {
  readonly image?: string;
  readonly healthcheck?: object;
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
}

const root = join(import.meta.dirname, '..', '..');
const file = 'docker-compose.fiware.yml';
const text = readFileSync(join(root, file), 'utf8');
const { services, networks } = parse(text) as {
  services: Readonly<Record<string, Service>>;
  networks: Readonly<Record<string, { readonly internal?: boolean }>>;
};

const hasCompose = spawnSync('docker-compose', ['version']).status === 0;
if (!hasCompose) console.warn(`skipped: docker-compose config of ${file} (install the package docker-compose)`);

function configure(...options: readonly string[]): { status: number | null; stderr: string } {
  return spawnSync('docker-compose', ['-f', file, ...options, 'config'], { cwd: root, encoding: 'utf8' });
}

describe(file, () => {
  (hasCompose ? it : it.skip).each(['minimal', 'full', 'partner'])(
    'is valid in the profile %s without any .env and with the example',
    (profile) => {
      for (const options of [
        ['--profile', profile],
        ['--profile', profile, '--env-file', '.env.example'],
      ]) {
        const { status, stderr } = configure(...options);
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      }
    },
  );

  it('has its defaults explained in .env.example', () => {
    const defaults = [...text.matchAll(/\$\{(\w+):-([^}]*)\}/g)].map(([, name, value]) => `${name}=${value}`);
    const example = readFileSync(join(root, '.env.example'), 'utf8').split('\n');
    expect(example.filter((line) => /^\w+=/.test(line)).sort()).toEqual([...defaults, 'COMPOSE_PROFILES=full'].sort());
  });

  it.each(Object.entries(services))('%s: pinned image, health check, and only MQTT over TLS and the edge published', (name, service) => {
    expect(service.image).toMatch(/:v?\d+(\.\d+)?(\.\d+)?(-[\d.]+|-alpine)?$/);
    expect(service.healthcheck).toBeDefined();
    const published: Readonly<Record<string, readonly string[]>> = {
      mosquitto: ['${MQTT_LISTEN:-127.0.0.1}:${MQTT_TLS_PORT:-8883}:8883'],
      edge: ['${EDGE_LISTEN:-127.0.0.1}:${EDGE_PORT:-8443}:8443'],
    };
    expect(service.ports ?? []).toEqual(published[name] ?? []);
  });

  it('holds no password, only files that klavze init makes', () => {
    expect(text).not.toMatch(/PASSWORD: |PWD: |TOKEN: /);
    for (const [, path] of text.matchAll(/^ {4}file: (\S+)/gm)) expect(path).toMatch(/^\.\/deploy\/secrets\//);
    for (const { environment = {} } of Object.values(services)) {
      expect(Object.keys(environment).filter((name) => /PASSWORD$|TOKEN$|SECRET$/.test(name))).toEqual([]);
    }
  });

  it('runs Orion-LD on the new driver, without the request pool', () => {
    expect(text.match(/-mongocOnly /g)).toHaveLength(2);
    expect(services['orion']?.environment?.['ORIONLD_TRQ_POOL_SIZE']).toBe('0');
  });

  it.each([
    ['mongo', ['orion']],
    ['partner-mongo', ['partner-orion']],
    ['history', ['grafana', 'history-care', 'orion']],
  ])('%s is reached by %j alone, and has no way out', (name, others) => {
    const own = services[name]?.networks ?? [];
    const near = Object.entries(services).filter(
      ([other, { networks: its = [] }]) => other !== name && its.some((one) => own.includes(one)),
    );
    expect(near.map(([other]) => other).sort()).toEqual(others);
    expect(own.map((network) => networks[network]?.internal)).toEqual(own.map(() => true));
  });

  it('keeps Grafana away from the broker, and has the certificates watched that are shown to sensors and browsers', () => {
    const shared = (services['grafana']?.networks ?? []).filter((network) => (services['orion']?.networks ?? []).includes(network));
    expect(shared).toEqual([]);
    const watched = (services['klavze-agents']?.environment?.['KLAVZE_CERTIFICATES'] ?? '').split(',');
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name}:${port.split(':').at(-1)}`),
    );
    expect(watched.sort()).toEqual(published.sort());
    for (const name of watched.map((place) => place.split(':')[0] ?? '')) expect(services[name]?.networks).toContain('lake');
  });

  it('lets nobody in without a name', () => {
    const mosquitto = readFileSync(join(root, 'deploy', 'mosquitto', 'mosquitto.conf'), 'utf8');
    expect(mosquitto.match(/^allow_anonymous .*$/gm)).toEqual(['allow_anonymous false']);
    expect(mosquitto).toMatch(/^password_file /m);
    expect(mosquitto).toMatch(/^acl_file /m);
    expect(services['grafana']?.environment?.['GF_AUTH_ANONYMOUS_ENABLED']).toBe('false');
  });

  it('bakes only pinned images', () => {
    const bases = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toMatch(/:\d+-[a-z]+-slim$/);
  });

  it('names only variables that Klavže reads', async () => {
    const { unknownVariables } = await import('../../core/service/config.ts');
    for (const role of ['agents', 'adapters', 'sharing', 'gateway']) {
      const environment = services[`klavze-${role}`]?.environment ?? {};
      expect([role, environment['KLAVZE_ROLES'], unknownVariables(environment)]).toEqual([role, role, []]);
    }
  });
});

describe('deploy/cluster/compose.yml', () => {
  const cluster = 'deploy/cluster/compose.yml';
  interface Process {
    readonly image?: string;
    readonly init?: boolean;
    readonly environment?: Readonly<Record<string, string>>;
  }
  const processes = (parse(readFileSync(join(root, cluster), 'utf8')) as { services: Readonly<Record<string, Process>> }).services;

  (hasCompose ? it : it.skip)('is valid over the stack', () => {
    const { status, stderr } = configure('-f', cluster, '--profile', 'full');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('pins its images, and each process can be ended by its guard', () => {
    for (const [name, { image, init, environment }] of Object.entries(processes)) {
      if (image !== undefined) expect(image).toMatch(/:\d+\.\d+(\.\d+)?(-alpine)?$/);
      const isOwn = environment?.['KLAVZE_SHARD'] !== undefined && image !== undefined;
      expect([name, isOwn && init !== true]).toEqual([name, false]);
    }
  });

  it('has a process and one that stands by for each shard, each of them over the NATS there', () => {
    const shards = Object.values(processes).flatMap(({ environment }) => environment?.['KLAVZE_SHARD'] ?? []);
    expect(shards.sort()).toEqual(['0/2', '0/2', '1/2', '1/2']);
    for (const { environment } of Object.values(processes))
      expect(environment?.['KLAVZE_OUTBOX'] ?? 'nats://nats:4222').toBe('nats://nats:4222');
  });

  it('each process that it changes is one of the stack', () => {
    for (const [name, { image }] of Object.entries(processes)) if (image === undefined) expect(Object.keys(services)).toContain(name);
  });

  it('names only variables that Klavže reads', async () => {
    const { unknownVariables } = await import('../../core/service/config.ts');
    for (const { environment = {} } of Object.values(processes)) expect(unknownVariables(environment)).toEqual([]);
  });
});
