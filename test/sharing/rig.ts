/** Two brokers and a `klavze up` of its own between them, for the tests of sharing. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startBroker, type Broker, type BrokerOptions } from '../../embedded/ngsi-ld/server.ts';
import { klavze, upAndReady, withoutAdapters, type Ended } from '../bin/klavze.ts';
import { call } from '../conformance/broker.ts';
import { freePort } from '../core/source/mqtt-brokers.ts';

export interface Rig {
  readonly folder: string;
  readonly ours: Broker;
  readonly theirs: Broker;
  readonly environment: Readonly<Record<string, string>>;
  /** Writes `partners/<name>.yaml`. */
  declare(name: string, members: object): void;
  up(): Promise<ChildProcess>;
  share(...words: string[]): Promise<Ended>;
  link: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function createRig(
  profile: NonNullable<BrokerOptions['profile']> = 'orion',
  extra: Record<string, string> = {},
): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-sharing-'));
  mkdirSync(join(folder, 'partners'));
  const ours = await startBroker({ port: 0, dbFile: join(folder, 'ours.db'), profile });
  const theirs = await startBroker({ port: 0, dbFile: join(folder, 'theirs.db') });
  const port = await freePort();
  writeFileSync(join(folder, 'klavze.yaml'), `instance: here\nsharing: { watchSeconds: 0.5 }\n${withoutAdapters()}`);
  const environment = {
    KLAVZE_CONFIG: join(folder, 'klavze.yaml'),
    KLAVZE_DEVICES_FILE: join(folder, 'devices.yaml'),
    KLAVZE_BROKER_URL: ours.url,
    KLAVZE_HTTP_PORT: String(port),
    KLAVZE_MQTT_PORT: '0',
    KLAVZE_LOG_LEVEL: 'warn',
    ...extra,
  };
  const children: ChildProcess[] = [];
  return {
    folder,
    ours,
    theirs,
    environment,
    link: {
      link: `<http://127.0.0.1:${port}/contexts/weather.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
    },
    declare: (name, members) => writeFileSync(join(folder, 'partners', `${name}.yaml`), JSON.stringify({ name, ...members })),
    async up() {
      const { child } = await upAndReady(environment, children);
      return child;
    },
    share: (...words) => klavze(['share', ...words], environment),
    async close() {
      for (const child of children) child.kill('SIGKILL');
      await ours.close();
      await theirs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `why` tells what stands in its way, for who reads of a failure. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  patienceMs = 120_000,
  why?: () => Promise<string>,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not come to pass: ${what}${why === undefined ? '' : `\n${await why()}`}`);
    await sleep(100);
  }
}

/** A weather station's state. */
export function weather(station: number, temperature: number, observedAt: string): Record<string, unknown> {
  return {
    id: `urn:ngsi-ld:WeatherObserved:test-${station}`,
    type: 'WeatherObserved',
    temperature: { type: 'Property', value: temperature, observedAt, unitCode: 'CEL' },
    location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14.03, 46.0] } },
    windSpeed: { type: 'Property', value: station, observedAt, unitCode: 'MTS' },
  };
}

export async function write(broker: Broker, entities: readonly object[], link: Readonly<Record<string, string>>): Promise<void> {
  const answer = await call(`${broker.url}/ngsi-ld/v1/entityOperations/upsert?options=update`, 'POST', entities, link);
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
}

/** Entities of a broker by id, without the times it gave them. */
export async function entitiesOf(broker: Broker, link: Readonly<Record<string, string>>): Promise<Record<string, unknown>[]> {
  const answer = await call(`${broker.url}/ngsi-ld/v1/entities?type=WeatherObserved&limit=1000`, 'GET', undefined, link);
  const entities = answer.status === 404 ? [] : (answer.json as Record<string, unknown>[]);
  return entities.sort((left, right) => (String(left['id']) < String(right['id']) ? -1 : 1));
}

/** Observation times of an attribute in a broker's history, in the order in which they came to be there. */
export async function historyOf(broker: Broker, id: string, link: Readonly<Record<string, string>>): Promise<string[]> {
  const path = `/ngsi-ld/v1/temporal/entities/${encodeURIComponent(id)}?attrs=temperature&options=sysAttrs`;
  const answer = await call(`${broker.url}${path}`, 'GET', undefined, link);
  const instances = [(answer.json as { temperature: unknown }).temperature].flat() as {
    observedAt: string;
    modifiedAt: string;
    instanceId: string;
  }[];
  return instances
    .map((one, index) => ({ ...one, index }))
    .sort((left, right) => (left.modifiedAt === right.modifiedAt ? left.index - right.index : left.modifiedAt < right.modifiedAt ? -1 : 1))
    .map(({ observedAt }) => observedAt);
}
