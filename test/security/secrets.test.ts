/** Secrets are planted in every place where one may stand; nothing that a person or a machine reads may show them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';

import { startUp } from '../../bin/up.ts';
import { loadConfig } from '../../core/service/config.ts';
import { hideSecretsOf, shown } from '../../core/service/hidden.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';
import { alone, withoutAdapters } from '../bin/klavze.ts';

const planted = {
  mqttUrl: 'planted-mqtt-url',
  mqttPassword: 'planted mqtt "password"',
  brokerUrl: 'planted-broker-url',
  brokerToken: 'planted-broker-token',
  pushToken: 'planted-push-token-of-16',
  provisioning: 'planted-provisioning-16',
  adapterKey: 'planted+adapter/key',
  adapterPassword: 'planted-adapter-password',
};
/** Without the spaces and signs that an encoding changes. */
const traces = /planted(?:[ %+-]|-mqtt|-broker|-push|-prov|-adapter)/;

describe('what may be shown', () => {
  it('has no secret of the configuration in it, as it is, in an address, in JSON or as Basic', () => {
    hideSecretsOf({
      broker: { url: 'https://ana:s3cr%C4%8Dt@broker.example/', token: 'to"ken' },
      adapters: { a: { url: 'https://x.example/?apikey=k%2Fey&format=json', password: 'p+w d' } },
    });
    const basic = Buffer.from('ana:s3crčt').toString('base64');
    for (const text of ['s3crčt', 's3cr%C4%8Dt', basic, 'to"ken', 'to\\"ken', 'k/ey', 'k%2Fey', 'p+w d', 'p%2Bw%20d'])
      expect(shown(`<${text}>`)).toBe('<[secret]>');
    expect(shown('https://x.example/?format=json')).toBe('https://x.example/?format=json');
  });

  it('is not torn to pieces by a secret that is a syllable', () => {
    hideSecretsOf({ password: 'a', token: '' });
    expect(shown('a banana')).toBe('a banana');
  });
});

describe('klavze with a secret in every place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-secrets-'));
  // A publisher that refuses everything, and a broker that says what it was asked for.
  const elsewhere = createServer((request, response) => {
    response.writeHead(request.url?.startsWith('/data') === true ? 200 : 401).end(`denied: ${request.headers.authorization ?? ''}`);
  });
  const told: Record<string, string> = { log: '' };

  beforeAll(async () => {
    await new Promise<void>((resolve) => void elsewhere.listen(0, '127.0.0.1', resolve));
    const { port } = elsewhere.address() as AddressInfo;
    const file = join(folder, 'klavze.yaml');
    const key = encodeURIComponent(planted.adapterKey);
    const others = withoutAdapters().replace(/ {2}arso-air: .*\n/, '');
    writeFileSync(file, `${others}  arso-air: { schedule: '* * * * * *', url: 'http://127.0.0.1:${port}/data.xml?apikey=${key}' }\n`);
    const environment = {
      KLAVZE_CONFIG: file,
      KLAVZE_DATA_DIR: join(folder, 'data'),
      KLAVZE_HTTP_PORT: '0',
      KLAVZE_LOG_LEVEL: 'debug',
      KLAVZE_MQTT_URL: `mqtt://klavze:${planted.mqttUrl}@127.0.0.1:1`,
      KLAVZE_MQTT_PASSWORD: planted.mqttPassword,
      KLAVZE_BROKER_URL: `http://klavze:${planted.brokerUrl}@127.0.0.1:${port}`,
      KLAVZE_BROKER_TOKEN: planted.brokerToken,
      KLAVZE_INGEST_NETMORE_TOKEN: planted.pushToken,
      KLAVZE_PROVISIONING_TOKEN: planted.provisioning,
      KLAVZE_ADAPTER_NAP_COUNTERS_PASSWORD: planted.adapterPassword,
    };
    const config = loadConfig(environment, folder);
    const log = createLogger('debug', { write: (line) => void (told['log'] += line) });
    const running = await startUp(config, await loadKnowledge(config), log);
    // Something on its way to the broker, so that this is asked.
    const origin = { plugin: 'adapters/test', from: 'test', receivedAt: '2026-05-01T00:00:00.000Z' };
    await running.outbox.append({ publications: [{ entity: { id: 'urn:ngsi-ld:Device:x', type: 'Device' }, origin }], deadLetters: [] });
    const get = async (path: string): Promise<string> =>
      (await axios.get<string>(running.urls.http + path, { validateStatus: () => true, responseType: 'text' })).data;
    for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
      for (const path of ['/health/ready', '/metrics', '/iot/devices', '/ingest/netmore']) told[path] = await get(path);
      const isTold = /denied/.test(told['/health/ready'] ?? '') && /ECONNREFUSED/.test(told['/health/ready'] ?? '');
      if (isTold && running.outbox.deadLetters.count() > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    told['dead letters'] = JSON.stringify(running.outbox.deadLetters.list().map(({ raw: _raw, ...letter }) => letter));
    await running.stop();
    told['status'] = JSON.stringify(await alone(['adapter', 'status', 'arso-air'], environment));
    told['audit.ndjson'] = readFileSync(join(folder, 'data', 'audit.ndjson'), 'utf8');
  }, 120_000);
  afterAll(() => {
    elsewhere.close();
    elsewhere.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says what is wrong, and shows the place of a secret only', () => {
    expect(told['log']).toContain('[secret]');
    expect(told['/health/ready']).toContain('mqtt://klavze:[secret]@127.0.0.1:1');
    expect(told['dead letters']).toContain('data.xml?apikey=[secret]');
    expect(told['status']).toContain('arso-air');
    expect(told['audit.ndjson']).toContain('"start"');
    expect(told['/metrics']).toContain('klavze_source_trouble{adapter="arso-air"');
  });

  it.each(['log', '/health/ready', '/metrics', '/iot/devices', '/ingest/netmore', 'dead letters', 'status', 'audit.ndjson'])(
    'shows none of them: %s',
    (where) => {
      expect(told[where]?.length).toBeGreaterThan(0);
      expect(traces.exec(told[where] ?? '')?.[0]).toBeUndefined();
    },
  );
});
