import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../core/source/mqtt-brokers.ts';

/** Debian keeps each version in a folder of its own. */
const versions = '/usr/lib/postgresql';
const version = (existsSync(versions) ? readdirSync(versions) : [])
  .sort((a, b) => Number(b) - Number(a))
  .find(
    (name) => existsSync(join(versions, name, 'bin', 'initdb')) && existsSync(`/usr/share/postgresql/${name}/extension/postgis.control`),
  );

/** False where Debian's PostgreSQL with PostGIS is not installed; the tests then say so and skip. */
export const hasPostgres = version !== undefined;
const postgresBinaries = join(versions, version ?? '', 'bin');

/** A PostgreSQL of its own, as in the stack: its superuser is `orion`, everybody needs a password. */
export class TestPostgres {
  readonly folder = mkdtempSync(join(tmpdir(), 'klavze-postgres-'));
  readonly password = 'only-for-tests';
  private child: ChildProcess | undefined;
  private said = '';

  private constructor(readonly port: number) {}

  static async start(): Promise<TestPostgres> {
    const postgres = new TestPostgres(await freePort());
    try {
      await postgres.run();
      return postgres;
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  /** For programs that ask it, as `orion`. */
  get environment(): NodeJS.ProcessEnv {
    const { PATH = '' } = process.env;
    const path = `${postgresBinaries}:${PATH}`;
    return { PATH: path, PGHOST: '127.0.0.1', PGPORT: String(this.port), PGUSER: 'orion', PGPASSWORD: this.password };
  }

  /** What psql prints for these statements: a line for each row, `|` between columns. @throws with what the server said, of all statements. */
  sql(text: string, { database = 'orion', user = 'orion', password = this.password } = {}): string {
    const env = { ...this.environment, PGUSER: user, PGPASSWORD: password };
    const psql = join(postgresBinaries, 'psql');
    const { stdout, stderr } = spawnSync(psql, ['-qXAt', '--dbname', database], { env, encoding: 'utf8', input: text });
    if (stderr !== '') throw new Error(stderr);
    return stdout.trim();
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, 'exit');
      // Without waiting for those who are connected.
      child.kill('SIGINT');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(): Promise<void> {
    const { folder } = this;
    // PostgreSQL refuses to be root.
    const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
    chmodSync(folder, 0o755);
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, this.password, { mode: 0o644 });
    const data = join(folder, 'data');
    const made = ['--username', 'orion', '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-locale'];
    execFileSync(join(postgresBinaries, 'initdb'), ['-D', data, '--no-sync', ...made], { ...user, stdio: 'pipe', cwd: folder });
    const words = ['-D', data, '-c', `port=${this.port}`, '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`];
    const child = spawn(
      join(postgresBinaries, 'postgres'),
      [...words, '-c', 'fsync=off', '-c', 'autovacuum=off', '-c', 'shared_buffers=16MB'],
      {
        ...user,
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    const ready = join(postgresBinaries, 'pg_isready');
    while (spawnSync(ready, ['-q'], { env: this.environment }).status !== 0) {
      if (child.exitCode !== null) throw new Error(`postgres ended: ${this.said}`);
      await sleep(50);
    }
    this.sql('CREATE DATABASE orion', { database: 'postgres' });
  }
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }));
}
