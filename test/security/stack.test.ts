/** What the production stack and the installation promise. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

interface Service {
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly privileged?: boolean;
  readonly volumes?: readonly string[];
}

const root = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const { services } = parse(read('docker-compose.fiware.yml'), { merge: true }) as { services: Readonly<Record<string, Service>> };

describe('the containers', () => {
  it.each(['klavze-agents', 'klavze-adapters', 'klavze-sharing', 'mosquitto', 'edge', 'prometheus', 'grafana'])(
    '%s: read-only, without capabilities',
    (name) => {
      expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    },
  );

  it.each(Object.entries(services))('%s: no new privileges, no socket of the engine', (_name, service) => {
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.privileged).not.toBe(true);
    expect(JSON.stringify(service.volumes ?? [])).not.toContain('docker.sock');
  });

  it('klavze and mosquitto are not root, and /tmp of klavze is memory', () => {
    const users = [...read('Dockerfile').matchAll(/^USER (\S+)/gm)].map((match) => match[1]);
    expect(users.at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(services['mosquitto']?.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    for (const role of ['agents', 'adapters', 'sharing']) expect(services[`klavze-${role}`]?.tmpfs).toContain('/tmp');
  });
});

describe('the supply chain', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Readonly<Record<string, { readonly integrity?: string; readonly link?: boolean; readonly inBundle?: boolean }>>;
  };

  it('every package of the lockfile is named by its SHA-512', () => {
    const installed = Object.entries(packages).filter(([path, { link, inBundle }]) => path !== '' && link !== true && inBundle !== true);
    expect(installed.length).toBeGreaterThan(100);
    expect(installed.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
  });

  it('the image installs by the lockfile and runs no script of a package but the one it names', () => {
    const installs = [...read('Dockerfile').matchAll(/npm (ci|install|i|rebuild)\b[^&\n]*/g)].map((match) => match[0].trim());
    expect(installs).toEqual(['npm ci --ignore-scripts', 'npm ci --omit=dev --ignore-scripts', 'npm rebuild better-sqlite3']);
  });

  it('npm run sbom lists what is shipped', () => {
    const { scripts, dependencies } = JSON.parse(read('package.json')) as Record<string, Readonly<Record<string, string>>>;
    const [program = '', ...words] = scripts?.['sbom']?.split(' ') ?? [];
    const said = execFileSync(program, words, { cwd: root, encoding: 'utf8', maxBuffer: 32 * 1024 * 1024 });
    const named = (JSON.parse(said) as { components: readonly { name: string }[] }).components.map(({ name }) => name);
    expect(Object.keys(dependencies ?? {}).filter((name) => !named.includes(name))).toEqual([]);
  });
});
