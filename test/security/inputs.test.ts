/** Inputs that mean harm. `attacks.ts` says where each attack is tried; those that are tried nowhere else are here. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { createBrokerClient } from '../../core/deliver/client.ts';
import { deviceIdFault } from '../../core/decode/device-id.ts';
import type { AgentKnowledge } from '../../core/pipeline.ts';
import { packageRoot } from '../../core/paths.ts';
import type { Envelope } from '../../core/plugin.ts';
import { loadConfig } from '../../core/service/config.ts';
import { readCsvDevices } from '../../core/service/devices-csv.ts';
import { parseDataset } from '../../core/source/formats/parse.ts';
import { receive } from '../../core/source/intake.ts';
import { readRejects, writeRejects } from '../../core/source/rejects.ts';
import { shared } from '../../tools/shared.ts';
import { attacks } from './attacks.ts';

const knowledge = { envelopes: [] as readonly Envelope[] } as AgentKnowledge;
/** An envelope that must not be reached. */
const reached = { name: 'never', topics: ['#'] } as unknown as Envelope;

function refusal(payload: string | Uint8Array): string | undefined {
  const message = { topic: '/json/key/a/attrs', payload: Buffer.from(payload), receivedAt: '2026-05-01T00:00:00.000Z', qos: 1 };
  return receive(message as unknown as Parameters<typeof receive>[0], reached, knowledge).deadLetters[0]?.rejection.code;
}

describe('a message that is too much', () => {
  it('nested 10,000 deep is refused before it is parsed, as object and as array', () => {
    expect(refusal('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000))).toBe('too_deep');
    expect(refusal('['.repeat(10_000))).toBe('too_deep');
    expect(refusal(`{"\\"":${'['.repeat(1_000)}`)).toBe('too_deep');
  });

  it('of more than a mebibyte is refused unread', () => {
    expect(refusal(Buffer.alloc(1024 * 1024 + 1, '['))).toBe('too_large');
  });
});

describe('a device id', () => {
  it.each(['+', '#', 'a/b', 'a+', 'a#', '../a', 'a b', 'a\u0000', 'a\nb', '', '-a', 'ž', 'a'.repeat(129), 7, null, ['a']])(
    '%j may not name a device',
    (id) => {
      expect(deviceIdFault(id, 'the topic')?.code).toBe('id_not_allowed');
    },
  );

  it('of the payload may not be another one than that of the topic', () => {
    expect(deviceIdFault('sensor-1', 'the topic', 'sensor-2')?.code).toBe('id_not_allowed');
    expect(deviceIdFault('sensor-1', 'the topic', ['sensor-1'])?.code).toBe('id_not_allowed');
    expect(deviceIdFault('sensor-1', 'the topic', 'SENSOR-1', undefined)).toBeUndefined();
  });
});

describe('a cell that is a formula', () => {
  const formulas = ['=1+1', '+1+1', '-1+1', '@SUM(A1)', "=cmd|'/c calc'!A0", '\t=1'];

  it.each(formulas)('%j is read as the text that it is', (cell) => {
    const parsed = parseDataset(Buffer.from(`a;b\n1;"${cell}"\n`), { kind: 'csv', columns: ['a', 'b'] }, 'f.csv');
    expect(parsed).toMatchObject({ ok: true, value: { rows: [{ b: cell }] } });
  });

  it('goes into no spreadsheet: nothing writes one, and refused rows are JSON', () => {
    const folder = mkdtempSync(join(tmpdir(), 'klavze-cells-'));
    const rows = formulas.map((cell) => ({
      code: 'invalid_value',
      reason: cell,
      from: 'f.csv',
      at: '2026-05-01T00:00:00.000Z',
      raw: { b: cell },
    }));
    const written = writeRejects(folder, rows, '2026-05-01T00:00:00.000Z') ?? '';
    expect(written).toMatch(/\.ndjson$/);
    expect(readRejects(written)).toEqual(rows);
    rmSync(folder, { recursive: true });
    const sources = ['core', 'bin', 'sharing', 'embedded'].flatMap((part) =>
      readdirSync(join(packageRoot, part), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(packageRoot, part, file)),
    );
    expect(sources.length).toBeGreaterThan(200);
    const writers = /csv-stringify|sheet_to_csv|writeXLSX|book_new|json_to_sheet|text\/csv['"`]\)/;
    expect(sources.filter((file) => writers.test(readFileSync(file, 'utf8')))).toEqual([]);
  });
});

describe('a name that reaches into JavaScript', () => {
  const own = Object.getOwnPropertyNames(Object.prototype).join();
  const names = ['__proto__', 'constructor', 'prototype', 'toString'];

  it.each(names)('%s as a key of the configuration, of a registry in CSV and of a row changes no other object', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'klavze-names-'));
    const file = join(folder, 'klavze.yaml');
    writeFileSync(file, `adapters:\n  ${name}:\n    polluted: true\n${name}: { polluted: true }\n`);
    expect(() => loadConfig({}, folder, file)).toThrow('not valid');
    rmSync(folder, { recursive: true });
    expect(() => readCsvDevices(`id;${name}\na;b\n`, 'devices.csv', { id: {} })).toThrow(`the column "${name}" is not known`);
    parseDataset(Buffer.from(`a;${name}\n1;2\n`), { kind: 'csv', columns: ['a'] }, 'f.csv');
    parseDataset(Buffer.from(`[{"a":1,"${name}":{"polluted":true}}]`), { kind: 'json', rows: [], columns: ['a'] }, 'f.json');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(own);
  });
});

describe('a name that is a path', () => {
  it.each(['../x', 'a/b', '/etc/passwd', '..', 'C:\\x'])('%j names no adapter, partner or network of the configuration', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'klavze-paths-'));
    for (const section of ['adapters', 'partners', 'ingest']) {
      const file = join(folder, 'klavze.yaml');
      writeFileSync(file, JSON.stringify({ [section]: { [name]: {} } }));
      expect(() => loadConfig({}, folder, file)).toThrow('not valid');
    }
    rmSync(folder, { recursive: true });
  });
});

it('the token of the broker goes to the broker alone, not to where it sends us', async () => {
  const seen: string[] = [];
  const other = createServer((request, response) => {
    seen.push(`other ${request.headers.authorization ?? ''}`);
    response.end('{}');
  });
  await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
  const broker = createServer((request, response) => {
    seen.push(`broker ${request.headers.authorization ?? ''}`);
    response.writeHead(307, { Location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/` }).end();
  });
  await new Promise<void>((resolve) => void broker.listen(0, '127.0.0.1', resolve));
  const client = createBrokerClient({ url: `http://127.0.0.1:${(broker.address() as AddressInfo).port}`, token: () => 'of-the-broker' });
  expect((await client.upsert('[{"id":"urn:x:1","type":"X"}]', '')).status).toBe(307);
  client.close();
  for (const server of [broker, other]) server.close();
  expect(seen).toEqual(['broker Bearer of-the-broker']);
});

describe('every attack', () => {
  const names = Object.keys(attacks);

  it.each(Object.entries(attacks))('%s has its test', (_name, places) => {
    expect(places.length).toBeGreaterThan(0);
    for (const [file, test] of places) expect([file, readFileSync(join(packageRoot, file), 'utf8').includes(test)]).toEqual([file, true]);
  });

  it.each(['docs/security.md', 'docs/security.sl.md'])('stands in %s with the files of its tests', (page) => {
    const rows = tableRows(readFileSync(join(packageRoot, page), 'utf8'));
    expect(rows.map(([attack = '']) => attack.replaceAll('`', ''))).toEqual(names);
    for (const [attack = '', , files = ''] of rows) {
      const linked = [...files.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file);
      expect([attack, linked.sort()]).toEqual([
        attack,
        [...new Set((attacks[attack.replaceAll('`', '')] ?? []).map(([file]) => file))].sort(),
      ]);
    }
  });

  const contract = join(shared, 'broker-contract.md');
  (existsSync(contract) ? it : it.skip)('of the broker contract, 3.5, is there (needs KLAVZE_SHARED)', () => {
    const section = /\n## 3\.5 [^\n]*\n([\s\S]*?)\n\[/.exec(readFileSync(contract, 'utf8'))?.[1] ?? '';
    expect(tableRows(section).map(([attack]) => attack)).toEqual(names);
  });
});

/** The cells of a table's rows, without its head. */
function tableRows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
