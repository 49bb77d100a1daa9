/** `access` of single devices (docs/access.md): what partners may not see goes to none of them, in no mode. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import mqtt from 'mqtt';
import { pino } from 'pino';

import { hiddenEntities } from '../../core/access/hidden.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Device, Family } from '../../core/plugin.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { startMqttBroker } from '../../embedded/mqtt/broker.ts';
import { exposureOf, type AccessView } from '../../sharing/exposure.ts';
import { call } from '../conformance/broker.ts';
import { partner, startLine, type Line } from './line.ts';
import { createRig, entitiesOf, until, weather, write } from './rig.ts';

const models = loadModels();
const family = (name: string, emits: string[], members: Partial<Family> = {}): [string, Family] => [
  name,
  {
    name,
    title: { sl: name, en: name },
    quantities: [],
    emits,
    controlledProperty: [],
    map: () => ({ entities: [], rejections: [] }),
    ...members,
  } as Family,
];
const families = new Map([family('weather', ['WeatherObserved']), family('meter', ['ConsumptionPoint'], { personal: true })]);
const hiddenBy = (...devices: Pick<Device, 'id' | 'family' | 'access'>[]) => hiddenEntities(devices as Device[], families, models);

/** A registry that changes; `WeatherObserved:test-<n>` belongs to the device `test-<n>`. */
function registry(...internal: number[]) {
  let hidden = hiddenBy();
  const view: AccessView & { set(...stations: number[]): void } = {
    hidden: () => hidden,
    set: (...stations) =>
      (hidden = hiddenBy(...stations.map((station) => ({ id: `test-${station}`, family: 'weather', access: 'internal' as const })))),
  };
  view.set(...internal);
  return view;
}

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
});

async function line(...given: Parameters<typeof startLine>): Promise<Line> {
  const started = await startLine(...given);
  closers.push(() => started.close());
  return started;
}

/** A partner's web server that keeps the ids of what it took. */
async function startEndpoint() {
  const got: string[] = [];
  const to = { url: '', got, isAway: false, tries: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      to.tries++;
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { id: string }[] };
      if (!to.isAway) got.push(...data.map(({ id }) => id.replace('urn:ngsi-ld:WeatherObserved:', '')));
      response.writeHead(to.isAway ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  to.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/n`;
  return to;
}

const at = (second: number): string => new Date(Date.UTC(2026, 4, 1, 10, 0, second)).toISOString();
const status = (of: Line) => of.sharing.status()[0];

describe('the relay', () => {
  it.each(['newest', 'full'])(
    'leaves out what partners may not see, history %s: at first, as it changes and in a gap',
    async (history) => {
      const to = await startEndpoint();
      const started = await line([partner('p', { endpoint: to.url, history })], { profile: 'orion', access: registry(1) });
      const round = (second: number) => write(started.ours, [weather(1, second, at(second)), weather(2, second, at(second))], {});
      await round(1);
      await started.apply();
      await until('the other one arrives', () => to.got.length > 0, 20_000);
      await round(2);
      await until('its change arrives', () => to.got.length > 1, 20_000);
      await started.stop();
      await round(3);
      started.start();
      await until('what was missed arrives', () => to.got.length > 2 && status(started)?.waiting === 0, 20_000);
      expect(new Set(to.got)).toEqual(new Set(['test-2']));
    },
    45_000,
  );

  it('holds back what waits of a device that is made internal, and brings it when that ends', async () => {
    const to = await startEndpoint();
    const access = registry();
    const started = await line([partner('p', { endpoint: to.url })], { access });
    await started.apply();
    await write(started.ours, [weather(1, 1, at(1))], {});
    await until('it arrives', () => to.got.length === 1, 20_000);
    to.isAway = true;
    const before = to.tries;
    await write(started.ours, [weather(1, 2, at(2)), weather(2, 2, at(2))], {});
    await until('both wait', () => status(started)?.waiting === 2 && to.tries > before, 20_000);
    access.set(1);
    to.isAway = false;
    await until('the queue is empty', () => status(started)?.waiting === 0, 20_000);
    expect(to.got).toEqual(['test-1', 'test-2']);
    expect(await started.registry.metrics()).toMatch(/klavze_sharing_deliveries_total\{partner="p",result="withheld"\} 1/);
    await write(started.ours, [weather(1, 3, at(3))], {});
    await until(
      'it is counted',
      async () => /states_total\{partner="p",result="withheld"\} [1-9]/.test(await started.registry.metrics()),
      20_000,
    );
    expect(to.got).toEqual(['test-1', 'test-2']);
    access.set();
    await until('it arrives again', () => to.got.filter((id) => id === 'test-1').length === 2, 20_000);
  }, 45_000);
});

it('MQTT leaves it out, too', async () => {
  const broker = await startMqttBroker({
    host: '127.0.0.1',
    port: 0,
    topics: [],
    accept: () => Promise.resolve(),
    logger: pino({ level: 'silent' }),
    users: [{ username: 'k', password: 'secret' }],
  });
  closers.push(() => broker.close());
  const got: string[] = [];
  const reader = await mqtt.connectAsync(broker.url, { username: 'k', password: 'secret' });
  closers.push(() => reader.endAsync(true));
  reader.on('message', (_topic, payload) => void got.push(payload.toString()));
  await reader.subscribeAsync('city/idrija', { qos: 1 });
  const to = partner('p', { mode: 'mqtt', endpoint: `${broker.url}/city/idrija` }, { username: 'k', password: 'secret' });
  const started = await line([to], { access: registry(1) });
  await write(started.ours, [weather(1, 1, at(1)), weather(2, 1, at(1))], {});
  await started.apply();
  await until('the other one arrives', () => got.length > 0 && status(started)?.waiting === 0, 20_000);
  expect(got.join()).toContain('WeatherObserved:test-2');
  expect(got.join()).not.toContain('WeatherObserved:test-1');
}, 45_000);

describe('a plain subscription, which cannot leave out anything,', () => {
  it('is not made, and is stopped when a device of its types becomes internal', async () => {
    const to = await startEndpoint();
    const access = registry(1);
    const started = await line([partner('p', { mode: 'subscription', endpoint: to.url })], { profile: 'orion', access });
    const refused = await started.apply().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as ConfigError).faults).toEqual([
      'p: mode subscription would also give it entities of devices that partners may not see (docs/access.md): test-1; use mode relay, which leaves them out',
    ]);
    const isActive = async () =>
      (
        (await call(`${started.ours.url}/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:klavze:here:p:WeatherObserved`, 'GET')).json as {
          isActive?: boolean;
        }
      ).isActive;
    access.set();
    await started.apply();
    expect(await isActive()).toBe(true);
    access.set(1);
    await until('it is stopped', async () => (await isActive()) === false, 20_000);
    await write(started.ours, [weather(1, 1, at(1)), weather(2, 1, at(1))], {});
    access.set();
    await until('it goes on, with what came meanwhile', async () => (await isActive()) === true && to.got.includes('test-1'), 20_000);
  }, 45_000);

  it('may be made for types of which every device may be seen', () => {
    const straight = partner('p', { mode: 'subscription', endpoint: 'http://127.0.0.1:9/n' });
    expect(exposureOf(straight, { hidden: () => hiddenBy({ id: 'a', family: 'weather', access: 'partner' }) })).toBeUndefined();
    expect(exposureOf(straight, { hidden: () => hiddenBy({ id: 'a', family: 'meter' }) })).toBeUndefined();
    const devices = partner('p', {
      mode: 'subscription',
      endpoint: 'http://127.0.0.1:9/n',
      entities: [{ type: 'Device', attributes: 'all' }],
    });
    expect(exposureOf(devices, { hidden: () => hiddenBy({ id: 'a', family: 'meter' }) })).toMatch(/: a; use mode relay/);
  });
});

it('a partner who pulls is let in through the gateway alone', () => {
  const pulling = partner('p', { mode: 'federation', endpoint: 'http://127.0.0.1:9' });
  expect(exposureOf(pulling, registry(1))).toMatch(
    /^p: mode federation would also give it entities of devices that partners may not see .*: test-1; let sharing\.publicUrl be the address of the gateway/,
  );
  expect(exposureOf(pulling, { ...registry(1), behindGateway: true })).toBeUndefined();
});

it('klavze share and klavze up read it from the registry', async () => {
  const rig = await createRig('orion');
  closers.push(() => rig.close());
  const devices = [1, 2].map((id) => ({
    id: `test-${id}`,
    family: 'weather',
    location: [14, 46],
    ...(id === 1 && { access: 'internal' }),
  }));
  writeFileSync(join(rig.folder, 'devices.yaml'), JSON.stringify({ devices }));
  const declaration = { endpoint: rig.theirs.url, entities: [{ type: 'WeatherObserved', attributes: ['temperature', 'location'] }] };
  rig.declare('ljubljana', { ...declaration, mode: 'subscription' });
  const refused = await rig.share('plan');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/ljubljana: mode subscription .*: test-1; use mode relay/);
  rig.declare('ljubljana', { ...declaration, mode: 'relay', target: 'upsert' });
  await rig.up();
  await write(rig.ours, [weather(1, 1, at(1)), weather(2, 1, at(1))], rig.link);
  expect((await rig.share('apply')).stdout).toContain('ljubljana gets nothing of test-1: partners may not see them (docs/access.md)\n');
  await until('the other one arrives', async () => (await entitiesOf(rig.theirs, rig.link)).length > 0, 30_000);
  expect((await entitiesOf(rig.theirs, rig.link)).map(({ id }) => id)).toEqual(['urn:ngsi-ld:WeatherObserved:test-2']);
}, 90_000);
