/** The main job against a real Orion-LD. Needs a Docker engine: `npm run test:containers`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import mqtt from 'mqtt';
import { GenericContainer, Network, TestContainers, Wait, type StartedNetwork, type StartedTestContainer } from 'testcontainers';
import { parse } from 'yaml';

import { startUp, type Running } from '../../bin/up.ts';
import { packageRoot } from '../../core/paths.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';
import { loadAdapters } from '../../core/service/plugins.ts';

const hasDocker = dockerAnswers();
if (!hasDocker) process.stderr.write('skipped: no Docker engine answers, the main job is not tested against Orion-LD\n');

interface Compose {
  readonly services: Readonly<Record<string, { readonly image: string }>>;
}
const compose = parse(readFileSync(join(packageRoot, 'docker-compose.fiware.yml'), 'utf8')) as Compose;
const imageOf = (service: string): string => compose.services[service]?.image ?? '';

(hasDocker ? describe : describe.skip)('Orion-LD', () => {
  let network: StartedNetwork;
  const containers: StartedTestContainer[] = [];
  let orion: string;
  let running: Running;
  const folder = mkdtempSync(join(tmpdir(), 'klavze-orion-'));

  beforeAll(async () => {
    network = await new Network().start();
    containers.push(await new GenericContainer(imageOf('mongo')).withNetwork(network).withNetworkAliases('mongo').start());
    const broker = await new GenericContainer(imageOf('orion'))
      .withNetwork(network)
      .withEnvironment({ ORIONLD_MONGO_HOST: 'mongo', ORIONLD_TRQ_POOL_SIZE: '0' })
      .withCommand(['-mongocOnly', '-logLevel', 'WARN'])
      .withExposedPorts(1026)
      .withWaitStrategy(Wait.forHttp('/version', 1026))
      .start();
    containers.push(broker);
    orion = `http://${broker.getHost()}:${broker.getMappedPort(1026)}`;

    writeFileSync(join(folder, 'devices.yaml'), 'devices:\n  - id: aq-1\n    family: air-quality\n    location: [14.03, 46.0]\n');
    const adapters = [...(await loadAdapters()).keys()].map((name) => [name, { enabled: false }] as const);
    writeFileSync(join(folder, 'klavze.yaml'), JSON.stringify({ adapters: Object.fromEntries(adapters) }));
    const config = loadConfig(
      { KLAVZE_MQTT_PORT: '0', KLAVZE_HTTP_PORT: '0', KLAVZE_HTTP_HOST: '0.0.0.0', KLAVZE_BROKER_URL: orion },
      folder,
      'klavze.yaml',
    );
    // Orion-LD fetches the context from this machine; the port is known only after the start, so a fixed one is not configured here.
    const port = 18_080 + Math.floor(process.pid % 1_000);
    await TestContainers.exposeHostPorts(port);
    running = await startUp(
      {
        ...config,
        http: { ...config.http, port },
        broker: { ...config.broker, contextUrl: `http://host.testcontainers.internal:${port}/contexts/{subject}.jsonld` },
      },
      await loadKnowledge(),
      createLogger('warn'),
    );
  });

  afterAll(async () => {
    await running?.stop();
    for (const container of containers.reverse()) await container.stop();
    await network?.stop();
    rmSync(folder, { recursive: true });
  });

  it('holds the newest value of a sensor that published over MQTT, whatever order its messages came in', async () => {
    const client = await mqtt.connectAsync(running.urls.mqtt);
    for (const [minute, pm10] of [
      [10, 1],
      [30, 3],
      [20, 2],
    ] as const) {
      await client.publishAsync('/json/key/aq-1/attrs', JSON.stringify({ TimeInstant: `2026-05-01T10:${minute}:00Z`, pm10 }), { qos: 1 });
    }
    await client.endAsync();
    const url = `${orion}/ngsi-ld/v1/entities?type=https://smartdatamodels.org/dataModel.Environment/AirQualityObserved`;
    let found: Record<string, { value: unknown; observedAt: string }>[] = [];
    for (let tries = 0; tries < 100 && Object.values(found[0] ?? {}).every((attribute) => attribute.value !== 3); tries++) {
      await sleep(200);
      found = (await axios.get<typeof found>(url)).data;
    }
    const pm10 = found[0]?.['https://smartdatamodels.org/dataModel.Environment/pm10'];
    expect(pm10).toMatchObject({ value: 3, observedAt: '2026-05-01T10:30:00.000Z' });
  });
});

function dockerAnswers(): boolean {
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
