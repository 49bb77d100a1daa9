import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeInternalCertificate } from '../../bin/stack/certificates.ts';
import { packageRoot } from '../../core/paths.ts';
import { alone, jsonLines, klavze } from './klavze.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const station = (code: string, level: string): string =>
  `<postaja sifra="${code}" wgs84_dolzina="14.03" wgs84_sirina="45.98" kota_0="327.05"><reka>Idrijca</reka><merilno_mesto>Podroteja</merilno_mesto>` +
  `<ime_kratko>Idrijca - Podroteja</ime_kratko><datum>2026-01-22 16:00</datum><datum_cet>2026-01-22 16:00</datum_cet>${level}</postaja>`;
const hydro = (...stations: string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?><arsopodatki verzija="1.5"><vir>Agencija RS za okolje</vir>` +
  `<datum_priprave>2026-01-22 16:05</datum_priprave>${stations.join('')}</arsopodatki>`;

describe('usage', () => {
  it('prints help and version on standard output and ends with 0', async () => {
    const help = await alone(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('Exit codes:');
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    expect((await alone(['--version'])).stdout.trim()).toBe(version);
  });

  it.each([
    [['bogus']],
    [['adapter', 'run']],
    [['adapter', 'run', 'no-such-adapter']],
    [['agent', 'try', '--topic', 't']],
    [['adapter', 'list', '--nonsense']],
    [['dead-letters', 'show', 'first']],
    [['dead-letters', 'list', '--code', 'unknown_devic']],
  ])('ends with 64 for %j', async (words) => {
    const { code, stdout, stderr } = await klavze(words);
    expect(code).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
  });

  it('ends with 78 and names the fault when the configuration is not valid', async () => {
    const config = file('klavze.yaml', 'broker:\n  profile: scorpio\n');
    const { code, stderr } = await alone(['up', '--config', config]);
    expect(code).toBe(78);
    expect(stderr).toContain(`${config}:2: broker.profile must be one of strict, orion, found "scorpio"`);
  });
});

describe('list', () => {
  it('lists adapters as JSON with licence and attribution', async () => {
    const { code, stdout } = await klavze(['adapter', 'list', '--json']);
    expect(code).toBe(0);
    const adapters = JSON.parse(stdout) as { name: string; dataset: { licence: string; attribution: string } }[];
    expect(adapters.map(({ name }) => name)).toEqual(expect.arrayContaining(['arso-air', 'arso-hydro', 'arso-meteo']));
    for (const { dataset } of adapters) expect(dataset.licence && dataset.attribution).toBeTruthy();
  });

  it('lists envelopes, decoders and families', async () => {
    const { stdout } = await klavze(['agent', 'list', '--json']);
    const kinds = new Set((JSON.parse(stdout) as { kind: string }[]).map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(['envelope', 'decoder', 'family']));
  });
});

describe('adapter run --dry-run', () => {
  it('prints entities, rejections and last the summary, and nothing else', async () => {
    const input = file('two.xml', hydro(station('8350', '<vodostaj>96</vodostaj>'), station('8351', '<vodostaj></vodostaj>')));
    const { code, stdout, stderr } = await klavze(['adapter', 'run', 'arso-hydro', '--input', input, '--dry-run']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines.map((line) => Object.keys(line)[0])).toEqual(expect.arrayContaining(['entity', 'rejection', 'summary']));
    expect(lines.at(-1)).toEqual({ summary: { received: 2, entities: 1, rejections: 1 } });
    expect(lines.find((line) => 'rejection' in line)).toMatchObject({ rejection: { code: 'no_measurement', row: 2 } });
  });

  it('refuses a file that is another thing as a whole, with 65', async () => {
    const input = file('error.xml', '<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>');
    const { code, stdout } = await klavze(['adapter', 'run', 'arso-air', '--input', input, '--dry-run']);
    expect(code).toBe(65);
    const lines = jsonLines(stdout);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ rejection: { stage: 'source' } });
    expect(lines[1]).toEqual({ summary: { received: 1, entities: 0, rejections: 1 } });
  });

  it('names a file that is not there, with 65', async () => {
    const { code, stderr } = await alone(['adapter', 'run', 'arso-air', '--input', join(folder, 'gone.xml'), '--dry-run']);
    expect(code).toBe(65);
    expect(stderr).toContain('gone.xml');
  });

  it('ends with 69 when the publisher cannot be reached', async () => {
    const config = file('away.yaml', 'adapters:\n  arso-air:\n    url: http://127.0.0.1:9/air.xml\n');
    const { code, stderr } = await alone(['adapter', 'run', 'arso-air', '--dry-run', '--config', config]);
    expect(code).toBe(69);
    expect(stderr).toContain('http://127.0.0.1:9/air.xml is unavailable');
  });
});

describe('agent try', () => {
  const device = 'devices:\n  - id: aq-7\n    family: air-quality\n    location: [14.03, 46.0]\n';

  it('prints readings and entities of one message', async () => {
    const input = file('aq.json', JSON.stringify({ TimeInstant: '2026-05-01T10:00:00Z', pm10: 23.4 }));
    const words = ['agent', 'try', '--topic', '/json/key/aq-7/attrs', '--input', input, '--device', file('devices.yaml', device)];
    const { code, stdout } = await klavze([...words, '--readings']);
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines[0]).toEqual({ reading: { quantity: 'pm10', value: 23.4, unit: 'µg/m³', observedAt: '2026-05-01T10:00:00.000Z' } });
    expect(lines.find((line) => 'entity' in line)).toMatchObject({
      entity: { type: 'AirQualityObserved', pm10: { value: 23.4, unitCode: 'GQ', observedAt: '2026-05-01T10:00:00.000Z' } },
    });
    expect(lines.at(-1)).toMatchObject({ summary: { received: 1, rejections: 0 } });
  });

  it('takes a payload from standard input and tells why a stranger is refused, with 65', async () => {
    const words = ['agent', 'try', '--topic', '/json/key/stranger/attrs', '--input', '-', '--device', file('devices.yaml', device)];
    const { code, stdout } = await klavze(words, {}, '{"pm10": 1}');
    expect(code).toBe(65);
    expect(jsonLines(stdout)[0]).toMatchObject({ rejection: { code: 'unknown_device' } });
  });

  it('refuses a message that is nested too deep, as the running agents do', async () => {
    const words = ['agent', 'try', '--topic', '/json/key/aq-7/attrs', '--input', '-', '--device', file('devices.yaml', device)];
    const { code, stdout } = await klavze(words, {}, '['.repeat(10_000) + ']'.repeat(10_000));
    expect(code).toBe(65);
    expect(jsonLines(stdout)[0]).toMatchObject({ rejection: { code: 'too_deep' } });
  });

  it('names line and field of a fault in the registry, with 78', async () => {
    const bad = file('bad.yaml', 'devices:\n  - id: aq-7\n    familly: air-quality\n    location: [14.03, 46.0]\n');
    const { code, stderr } = await klavze(['agent', 'try', '--topic', '/json/k/aq-7/attrs', '--input', '-', '--device', bad], {}, '{}');
    expect(code).toBe(78);
    expect(stderr).toMatch(/bad\.yaml:3: .*familly/);
  });
});

describe('entity check', () => {
  it('is content with what a dry run printed', async () => {
    const input = file('one.xml', hydro(station('8350', '<vodostaj>96</vodostaj>')));
    const { stdout } = await klavze(['adapter', 'run', 'arso-hydro', '--input', input, '--dry-run']);
    const checked = await klavze(['entity', 'check', file('made.ndjson', stdout)]);
    expect(checked).toMatchObject({ code: 0, stdout: '1 entities, 0 faults\n' });
  });

  it('names each fault with its JSON pointer, with 65', async () => {
    const entity = {
      id: 'urn:ngsi-ld:AirQualityObserved:x',
      type: 'AirQualityObserved',
      dateObserved: { type: 'Property', value: { '@type': 'DateTime', '@value': '2026-05-01T10:00:00Z' } },
      location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46] } },
      pm10: { type: 'Property', value: -1, unitCode: 'GQ', observedAt: '2026-05-01T10:00:00Z' },
      PM25: { type: 'Property', value: 1, unitCode: 'GQ', observedAt: '2026-05-01T10:00:00Z' },
    };
    const { code, stdout } = await klavze(['entity', 'check', '--json', file('bad.json', JSON.stringify(entity))]);
    expect(code).toBe(65);
    const pointers = jsonLines(stdout).map((line) => (line['fault'] as { pointer?: string } | undefined)?.pointer);
    expect(pointers).toEqual(expect.arrayContaining([expect.stringContaining('/pm10'), expect.stringContaining('/PM25')]));
  });
});

describe('doctor', () => {
  const ports = { KLAVZE_MQTT_PORT: '0', KLAVZE_BROKER_PORT: '0', KLAVZE_HTTP_PORT: '0' };
  const doctor = (words: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    klavze(['doctor', ...words], { KLAVZE_DATA_DIR: join(folder, 'data'), ...ports, ...environment });

  it('says what is well', async () => {
    const { code, stdout } = await doctor(['--json']);
    expect(code).toBe(0);
    const findings = JSON.parse(stdout) as { check: string; ok: boolean }[];
    expect(findings.map(({ check }) => check)).toEqual([
      'configuration',
      'plug-ins',
      'devices',
      'disk',
      'backup',
      'certificates',
      'mqtt',
      'broker',
      'http',
      'context',
      'clock',
    ]);
  });

  it('says what to do about a broker that cannot be reached', async () => {
    const { code, stdout } = await doctor(['--json'], { KLAVZE_BROKER_URL: 'http://127.0.0.1:9' });
    expect(code).toBe(69);
    expect(stdout).toContain('check KLAVZE_BROKER_URL');
  });

  it('names NODE_EXTRA_CA_CERTS where a certificate is of an authority of its own, and is content with it', async () => {
    makeInternalCertificate(folder, 'own', '127.0.0.1');
    const [cert, key] = ['crt', 'key'].map((ending) => readFileSync(join(folder, `own.${ending}`)));
    const server = createTlsServer({ cert, key }, (_request, response) => void response.end('[]')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const at = { KLAVZE_BROKER_URL: `https://127.0.0.1:${port}`, KLAVZE_MQTT_URL: `mqtts://127.0.0.1:${port}` };
      const { stdout } = await doctor([], { ...at, NODE_EXTRA_CA_CERTS: '', KLAVZE_CERTIFICATES: `127.0.0.1:${port}` });
      expect(stdout.match(/name their file \(PEM\) in NODE_EXTRA_CA_CERTS/g)).toHaveLength(2);
      expect(stdout).toMatch(new RegExp(`certificates +ok +1 watched, the first to end: 127.0.0.1:${port} ends `));
      const trusting = { KLAVZE_BROKER_URL: at.KLAVZE_BROKER_URL, NODE_EXTRA_CA_CERTS: join(folder, 'own.crt') };
      const { code, stdout: said } = await doctor(['--json'], { ...trusting, KLAVZE_CERTIFICATES: '127.0.0.1:9' });
      const findings = JSON.parse(said) as { check: string; ok: boolean; detail: string }[];
      expect(findings.filter(({ ok }) => !ok)).toMatchObject([{ check: 'certificates', detail: expect.stringContaining('127.0.0.1:9') }]);
      expect(code).toBe(69);
    } finally {
      server.close();
    }
  });

  it('says what to do about a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stdout } = await doctor([], { KLAVZE_HTTP_PORT: String(port) });
    other.close();
    expect(code).toBe(69);
    expect(stdout).toContain(`port ${port} on 127.0.0.1 is taken by another program; set KLAVZE_HTTP_PORT`);
  });

  it('names a registry that cannot be read and an adapter that there is not', async () => {
    const registry = await doctor([], { KLAVZE_DEVICES_FILE: folder });
    expect(registry.code).toBe(78);
    expect(registry.stdout).toContain(`the device registry ${folder} cannot be read`);

    const settings = file('misspelt.yaml', 'adapters: { arso-hidro: { enabled: false } }\n');
    const misspelt = await doctor(['--config', settings]);
    expect(misspelt.code).toBe(78);
    expect(misspelt.stdout).toContain('the configuration names the adapter "arso-hidro"; known: arso-air');
  });
});
