import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { hasPostgres, TestPostgres } from './postgres.ts';
import { created, located, measured, troeTables } from './troe.ts';

if (!hasPostgres) console.warn('skipped: the history in a real PostgreSQL (install the packages postgresql and postgresql-postgis)');

const root = join(import.meta.dirname, '..', '..');
const day = 86_400_000;
const now = Date.now();
const [air, weather, gone] = [
  'urn:ngsi-ld:AirQualityObserved:aq-1',
  'urn:ngsi-ld:WeatherObserved:aq-1',
  'urn:ngsi-ld:AirQualityObserved:aq-0',
];
const name = (term: string): string => `https://smartdatamodels.org/dataModel.Environment/${term}`;

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly query: string }[] };
  readonly panels: readonly { readonly targets: readonly { readonly rawSql: string }[] }[];
}
const dashboard = JSON.parse(readFileSync(join(root, 'deploy', 'grafana', 'dashboards', 'history.json'), 'utf8')) as Dashboard;

/** What Grafana makes of a panel's query before it asks. */
function asked(panel: number, attribute: string, [from, to]: readonly [number, number] = [now - day, now]): string {
  const [iso, isoEnd] = [new Date(from).toISOString(), new Date(to).toISOString()];
  return (dashboard.panels[panel]?.targets[0]?.rawSql ?? '')
    .replace(/\$__timeGroupAlias\((\w+), \$__interval\)/g, 'floor(extract(epoch from $1)/60)*60 AS "time"')
    .replace(/\$__timeFilter\((\w+)\)/g, `$1 BETWEEN '${iso}' AND '${isoEnd}'`)
    .replaceAll('${attribute}', attribute);
}

(hasPostgres ? describe : describe.skip)('the history in the installed PostgreSQL', () => {
  let postgres: TestPostgres;
  const readerPassword = "it's one";
  const asReader = (text: string): string => postgres.sql(text, { user: 'reader', password: readerPassword });

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    // Idrija is there since six years and speaks still; the other was last heard of six years ago.
    const old = now - 6 * 365 * day;
    const minute = Math.floor(now / 60_000) * 60_000;
    postgres.sql(
      [
        troeTables,
        ...[created(air, name('AirQualityObserved'), old), measured(air, name('pm10'), 99, old), located(air, 14.03, 46, old)],
        ...[created(gone, name('AirQualityObserved'), old), measured(gone, name('pm10'), 98, old)],
        ...[created(weather, name('WeatherObserved'), now - 2 * day), located(weather, 14.02, 46, now - 2 * day)],
        measured(air, name('pm10'), 10, minute - 1_800_000),
        measured(air, name('pm10'), 20, minute - 1_200_000),
        measured(air, name('pm10'), 40, minute - 1_190_000),
        ...[measured(air, name('finepm10'), 7, minute - 600_000), measured(weather, name('pm10'), 5, minute - 600_000)],
      ].join('\n'),
    );
    postgres.sql('CREATE DATABASE orion_ljubljana TEMPLATE orion', { database: 'postgres' });
  }, 90_000);
  afterAll(() => postgres.stop());

  /** The script of the stack until it has cared; only paths and the address of the server are rewritten. */
  async function care(): Promise<string> {
    const { folder, password, environment } = postgres;
    mkdirSync(join(folder, 'secrets'), { recursive: true });
    writeFileSync(join(folder, 'secrets', 'history-password'), password);
    writeFileSync(join(folder, 'secrets', 'history-reader-password'), readerPassword);
    const done = join(folder, `cared-${Math.random()}`);
    const script = readFileSync(join(root, 'deploy', 'history', 'care.sh'), 'utf8')
      .replaceAll('/run/secrets/', `${folder}/secrets/`)
      .replaceAll('/care/', `${join(root, 'deploy', 'history')}/`)
      .replace('PGHOST=history', 'PGHOST=127.0.0.1')
      .replace('/tmp/cared', done)
      // Its children are asleep when it is ended.
      .replace('sleep 86400', 'exec true');
    const child = spawn('bash', ['-c', script], { env: { ...environment, HISTORY_DAYS: '1825' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, 'exit');
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(late);
    if (!existsSync(done)) throw new Error(said);
    return said;
  }

  it('is cared for in every tenant: indexes, a reader, and the end of what is older than five years', async () => {
    expect(await care()).not.toMatch(/ERROR/);
    const counts = `
      SELECT count(*) FROM pg_indexes WHERE starts_with(indexname, 'klavze_');
      SELECT count(*), min(number), max(number) FROM attributes WHERE valueType = 'Number';
      SELECT count(*) FROM subAttributes;
      SELECT ST_AsText(geoPoint) FROM attributes WHERE valueType = 'GeoPoint';`;
    for (const database of ['orion', 'orion_ljubljana'])
      expect(postgres.sql(counts, { database })).toBe('6\n5|5|40\n5\nPOINT Z (14.02 46 0)');
  });

  it('keeps an old entity that still has a history, so that it is found, and forgets one without', () => {
    expect(postgres.sql('SELECT id FROM entities ORDER BY ts')).toBe(`${air}\n${weather}`);
    // Replaced as a whole: the newer row says what it is.
    postgres.sql(`INSERT INTO entities VALUES ('replaced', '2026-01-01', 'Replace', '${air}', 'New', NULL)`);
  });

  it('takes its care a second time, with an index that broke off before and one of an earlier version', async () => {
    postgres.sql(`
      CREATE INDEX klavze_attributes_name_time ON attributes (id);
      UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'klavze_attributes_time'::regclass;`);
    expect(await care()).not.toMatch(/ERROR/);
    expect(postgres.sql("SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indexrelid::regclass::text LIKE 'klavze_%'")).toBe(
      '6|t',
    );
    expect(postgres.sql(`SELECT type FROM entities WHERE id = '${air}'`)).toBe('New');
  });

  it('has a reader with the password of its file, who writes nothing', () => {
    expect(asReader('SELECT count(*) FROM entities')).toBe('2');
    const refused = 'DELETE FROM attributes; INSERT INTO entities SELECT * FROM entities; CREATE TABLE mine (a int);';
    expect(() => asReader(refused)).toThrow(/(permission denied[^]*){3}/);
    expect(() => postgres.sql('SELECT 1', { user: 'reader', password: 'guess' })).toThrow(/password authentication failed/);
  });

  it("answers the dashboard's queries", () => {
    const [variable] = dashboard.templating.list;
    expect(asReader(variable?.query ?? '').split('\n')).toEqual([`${name('finepm10')}|finepm10`, `${name('pm10')}|pm10`]);
    const minute = Math.floor(now / 60_000) * 60;
    const [fine, before] = [asked(0, name('pm10')), asked(0, name('pm10'), [0, now - day])];
    // Two of one interval are one point; another entity with the same last part of its id stays apart, another attribute that ends alike too.
    expect(asReader(fine).split('\n')).toEqual([
      `${minute - 1800}|AirQualityObserved:aq-1|10`,
      `${minute - 1200}|AirQualityObserved:aq-1|30`,
      `${minute - 600}|WeatherObserved:aq-1|5`,
    ]);
    expect(asReader(before)).toBe('');
    const stored = asReader(asked(1, '')).split('\n');
    expect(stored.map((row) => Number(row.split('|')[1])).reduce((sum, count) => sum + count, 0)).toBe(5);
  });

  it('finds the values and names of a large history by its indexes', () => {
    postgres.sql(`
      INSERT INTO attributes (instanceId, id, opMode, entityId, datasetId, valueType, number, observedAt, ts)
        SELECT 'i' || n, 'https://example.org/a' || n % 20, 'Replace', 'urn:ngsi-ld:Sensor:' || n % 50, 'None', 'Number', n,
          timestamp '2026-01-01' + n * interval '1 minute', timestamp '2026-01-01' + n * interval '1 minute'
        FROM generate_series(1, 20000) AS n;
      ANALYZE attributes;`);
    const range = [Date.parse('2026-01-03'), Date.parse('2026-01-04')] as const;
    const ofEntity = `SELECT * FROM attributes WHERE entityid = '${air}' ORDER BY ts DESC`;
    const questions = [asked(0, 'https://example.org/a7', range), asked(1, '', range), dashboard.templating.list[0]?.query ?? '', ofEntity];
    const plans = asReader(questions.map((question) => `EXPLAIN ${question}; SELECT '---';`).join('\n')).split('---');
    const used = plans.slice(0, 4).map((plan) => [...new Set(plan.match(/klavze_\w+|Seq Scan on attributes/g))]);
    const indexes = ['klavze_attributes_numbers', 'klavze_attributes_time', 'klavze_attributes_numbers', 'klavze_attributes_entity_time'];
    expect(used).toEqual(indexes.map((index) => [index]));
    postgres.sql("DELETE FROM attributes WHERE starts_with(instanceId, 'i')");
  });

  it('comes back as it was by the commands of docs/operate.md', async () => {
    const commands = (page: string): string[] =>
      [...readFileSync(join(root, 'docs', page), 'utf8').matchAll(/exec -T history (pg_\w+ [^<>\n]*) [<>] history\.dump/g)].map(
        ([, words = '']) => words,
      );
    expect(commands('operate.sl.md')).toEqual(commands('operate.md'));
    const [dump, restore] = commands('operate.md').map((command) => command.split(' '));
    expect([dump?.[0], restore?.[0]]).toEqual(['pg_dump', 'pg_restore']);
    const run = ([program = '', ...words]: readonly string[] = [], input?: Buffer): Buffer => {
      const { status, stdout, stderr } = spawnSync(program, words, { env: postgres.environment, input, maxBuffer: 64 * 1024 * 1024 });
      if (status !== 0) throw new Error(stderr.toString());
      return stdout;
    };
    const all = (): string =>
      postgres.sql(
        `SELECT * FROM entities ORDER BY 1; SELECT *, ST_AsText(geoPoint) FROM attributes ORDER BY 1; SELECT * FROM subAttributes ORDER BY 1`,
      );
    const before = all();
    const kept = run(dump);
    postgres.sql('TRUNCATE entities, attributes, subAttributes');
    run(restore, kept);
    expect(all()).toBe(before);
    expect(before).toContain('POINT Z (14.02 46 0)');
    // The next care gives the reader back what the dump leaves out.
    expect(await care()).not.toMatch(/ERROR/);
    expect(asReader('SELECT count(*) FROM entities')).toBe('2');
  });

  it.each(['docs/operate.md', 'docs/operate.sl.md'])('%s deletes all of an entity and nothing of another', (page) => {
    const database = 'orion_ljubljana';
    const [, text = ''] = /history psql -U orion orion -c "([^"]+)"/.exec(readFileSync(join(root, page), 'utf8')) ?? [];
    const count = (id: string): string =>
      postgres.sql(
        `SELECT (SELECT count(*) FROM entities WHERE id = '${id}'), (SELECT count(*) FROM attributes WHERE entityId = '${id}'),
           (SELECT count(*) FROM subAttributes WHERE entityId = '${id}')`,
        { database },
      );
    const doomed = 'urn:ngsi-ld:Device:home-1';
    postgres.sql(created(doomed, name('Device'), now) + measured(doomed, name('rssi'), -90, now), { database });
    const others = count(air);
    expect([count(doomed), others]).toEqual(['1|1|1', expect.not.stringContaining('0|')]);
    postgres.sql(text.replaceAll('urn:ngsi-ld:Device:ID', doomed), { database });
    expect([count(doomed), count(air)]).toEqual(['0|0|0', others]);
  });
});
