/** The units of deploy/systemd, as systemd reads them, and the line of docs/operate.md that makes Mosquitto's configuration. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { exitCodes } from '../../bin/exit.ts';

const root = join(import.meta.dirname, '..', '..');
const units = join(root, 'deploy', 'systemd');
const isThere = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!isThere) console.warn('skipped: the units of deploy/systemd (no systemd-analyze here)');

describe('deploy/systemd', () => {
  (isThere ? it : it.skip)('is understood by systemd', () => {
    const folder = mkdtempSync(join(tmpdir(), 'klavze-units-'));
    try {
      cpSync(units, folder, { recursive: true });
      const files = readdirSync(folder).filter((name) => /\.(service|timer)$/.test(name));
      expect(files).toHaveLength(3);
      for (const name of files) {
        const path = join(folder, name);
        // Wherever Node is on this machine.
        writeFileSync(path, readFileSync(path, 'utf8').replace('ExecStart=node ', `ExecStart=${process.execPath} `));
      }
      const { stderr } = spawnSync('systemd-analyze', ['verify', ...files.map((name) => join(folder, name))], { encoding: 'utf8' });
      expect(stderr.split('\n').filter((line) => line.includes(folder))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('starts Node wherever it is: Debian has it in /usr/bin, the archive of nodejs.org in /usr/local/bin', () => {
    const lines = ['klavze', 'klavze-backup'].flatMap(
      (name) => readFileSync(join(units, `${name}.service`), 'utf8').match(/^ExecStart=.*$/gm) ?? [],
    );
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^ExecStart=(?:\/bin\/sh -c 'exec )?node \/opt\/klavze\/dist\/bin\/klavze\.js /);
  });

  it('lets systemd-notify, a child, say that Klavže works, and does not start again what cannot start', () => {
    const unit = readFileSync(join(units, 'klavze.service'), 'utf8');
    expect(unit).toMatch(/^NotifyAccess=all$/m);
    expect(unit).toMatch(new RegExp(`^RestartPreventExitStatus=${exitCodes.usage} ${exitCodes.configuration}$`, 'm'));
  });

  it('starts Klavže with what the image starts it with', () => {
    const unit = readFileSync(join(units, 'klavze.service'), 'utf8');
    const [, image = ''] = /^ENV (.*)$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? [];
    expect([...unit.matchAll(/^Environment=(?!KLAVZE_)(.*)$/gm)].map(([, setting]) => setting)).toEqual(image.split(' '));
  });

  it.each(['docs/operate.md', 'docs/operate.sl.md'])(
    '%s runs commands with the settings of the service, which may have comments',
    (page) => {
      const [line = ''] = /^as\(\) \{.*\}$/m.exec(readFileSync(join(root, page), 'utf8')) ?? [];
      const folder = mkdtempSync(join(tmpdir(), 'klavze-as-'));
      try {
        const file = join(folder, 'klavze.env');
        writeFileSync(file, '# the gateway, since May\nKLAVZE_ROLES=agents,gateway\n\n#KLAVZE_INSTANCE=old\nNODE_EXTRA_CA_CERTS=/x.crt\n');
        // Nobody is a user of the service here.
        const script = `runuser() { shift 3; "$@"; }\n${line.replace('/etc/klavze/klavze.env', file)}\nas env`;
        const set = execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env: { PATH: process.env['PATH'] } }).split('\n');
        expect(set).toEqual(
          expect.arrayContaining(['KLAVZE_CONFIG=/etc/klavze/klavze.yaml', 'KLAVZE_ROLES=agents,gateway', 'NODE_EXTRA_CA_CERTS=/x.crt']),
        );
        expect(set.filter((setting) => setting.startsWith('KLAVZE_INSTANCE'))).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it.each(['docs/operate.md', 'docs/operate.sl.md'])('%s makes what Debian needs of the mounted Mosquitto configuration', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const [command = ''] = /^sed -e[^]*?deploy\/mosquitto\/mosquitto\.conf/m.exec(text) ?? [];
    const made = execFileSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' });
    expect(made.match(/^listener .*$/gm)).toEqual(['listener 8883', 'listener 1883 127.0.0.1', 'listener 8884 127.0.0.1']);
    for (const [, file] of made.matchAll(/^(?:certfile|keyfile) \/etc\/mosquitto\/klavze\/(\w+)\.\w+$/gm))
      expect(text).toMatch(new RegExp(`^.*install .*\\b${file}\\.\\*.* /etc/mosquitto/klavze/`, 'm'));
    expect(made).toContain('\npassword_file /etc/mosquitto/klavze/passwords\n');
    // Debian's own file has these already, and Mosquitto takes none twice.
    expect(made).not.toMatch(/^(persistence_location|log_dest) |\/mosquitto\/config/m);
  });
});
