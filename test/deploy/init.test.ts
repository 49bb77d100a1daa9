import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { initCommand } from '../../bin/commands/init.ts';
import { addMqttUser, makeSecrets } from '../../bin/stack/secrets.ts';

const root = join(import.meta.dirname, '..', '..');
/** What `klavze init` prints with these words. */
async function init(...words: readonly string[]): Promise<string> {
  const said: string[] = [];
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  try {
    await initCommand().parseAsync(words, { from: 'user' });
  } finally {
    spy.mockRestore();
  }
  return said.join('');
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
if (!hasOpenssl) console.warn('skipped: klavze init (install the package openssl)');

(hasOpenssl ? describe : describe.skip)('klavze init', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'klavze-init-'));
    mkdirSync(join(folder, 'deploy', 'klavze'), { recursive: true });
    for (const name of ['docker-compose.fiware.yml', '.env.example', 'devices.example.yaml']) cpSync(join(root, name), join(folder, name));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const secrets = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(join(folder, 'deploy', 'secrets')).map((name) => [name, readFileSync(join(folder, 'deploy', 'secrets', name), 'utf8')]),
    );

  it('makes every file that the compose file mounts, and changes nothing the second time', async () => {
    const said = await init('--dir', folder);
    expect(said).toContain('made   deploy/secrets/server.crt\n');
    expect(said).toContain('docker compose -f docker-compose.fiware.yml up');
    expect(said).toContain('docs/operate.md#without-docker');
    const made = secrets();
    const text = readFileSync(join(folder, 'docker-compose.fiware.yml'), 'utf8');
    const mounted = [...text.matchAll(/\.\/deploy\/secrets\/([a-z.-]+)/g)].map((match) => match[1] ?? '');
    expect(mounted.length).toBeGreaterThan(8);
    expect(mounted.filter((name) => (made[name] ?? '') === '')).toEqual([]);
    expect(statSync(join(folder, 'deploy', 'secrets')).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder, '.env'), 'LOG_LEVEL=warn\n');
    expect(await init('--dir', folder)).toContain('nothing was changed');
    expect(secrets()).toEqual(made);
    expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('LOG_LEVEL=warn\n');
  });

  it('--renew makes a new certificate of the same authority for the same name', async () => {
    await init('--dir', folder, '--host', 'mqtt.idrija.example');
    const before = secrets();
    const said = await init('--dir', folder, '--renew');
    expect(said).toContain('kill -s HUP mosquitto edge');
    const after = secrets();
    expect(after['server.crt']).not.toBe(before['server.crt']);
    expect({ ...after, 'server.crt': '', 'server.key': '' }).toEqual({ ...before, 'server.crt': '', 'server.key': '' });
    const certificate = new X509Certificate(after['server.crt'] ?? '');
    expect(certificate.checkHost('mqtt.idrija.example')).toBe('mqtt.idrija.example');
    expect(certificate.checkIssued(new X509Certificate(before['ca.crt'] ?? ''))).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(after['server.key'] ?? ''))).toBe(true);
  });

  it('names only headings of docs/operate.md that there are', async () => {
    const page = readFileSync(join(root, 'docs', 'operate.md'), 'utf8');
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/[^a-z0-9 -]/g, ''));
    const anchors = headings.map((heading) => heading.replaceAll(' ', '-'));
    const said = [];
    for (const words of [[], ['--device', 'trg'], ['--renew']]) said.push(await init('--dir', folder, ...words));
    const named = said.flatMap((text) => [...text.matchAll(/docs\/operate\.md#([a-z-]+)/g)].map(([, anchor = '']) => anchor));
    expect(named).toHaveLength(3);
    expect(named.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });

  it('says where it must be run, and that a certificate needs its key', async () => {
    await expect(init('--dir', join(folder, 'deploy'))).rejects.toThrow('holds no docker-compose.fiware.yml');
    await expect(init('--dir', folder, '--cert', 'a.pem')).rejects.toThrow('--cert and --key belong together');
  });

  it('takes given certificates that fit and refuses others', () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    for (const place of [one, two]) makeSecrets(place, { host: 'mqtt.example.org' });
    const given = { cert: join(one, 'server.crt'), key: join(one, 'server.key') };
    expect(new X509Certificate(readFileSync(join(one, 'internal.crt'))).checkHost('mosquitto')).toBe('mosquitto');
    const taken = join(folder, 'taken');
    makeSecrets(taken, { host: 'unused', given });
    expect(readFileSync(join(taken, 'server.crt'), 'utf8')).toBe(readFileSync(given.cert, 'utf8'));
    const mixed = { ...given, key: join(two, 'server.key') };
    expect(() => makeSecrets(join(folder, 'mixed'), { host: 'unused', given: mixed })).toThrow(/belongs to another certificate/);
  });

  it('gives a device a password of its own and keeps the others', () => {
    makeSecrets(folder, { host: 'localhost' });
    const before = readFileSync(join(folder, 'mosquitto-passwords'), 'utf8');
    const passwords = [addMqttUser(folder, 'nikova-most'), addMqttUser(folder, 'nikova-most')];
    expect(new Set(passwords).size).toBe(2);
    const after = readFileSync(join(folder, 'mosquitto-passwords'), 'utf8');
    expect(after.startsWith(before)).toBe(true);
    expect(after.match(/^nikova-most:\$7\$101\$/gm)).toHaveLength(1);
    expect(after).not.toContain(passwords[1]);
    expect(() => addMqttUser(folder, 'klavze')).toThrow(/belongs to the stack/);
    expect(() => addMqttUser(join(folder, 'none'), 'a')).toThrow(/run klavze init first/);
  });
});
