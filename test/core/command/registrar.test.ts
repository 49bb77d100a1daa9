import { afterEach, describe, expect, it } from '@jest/globals';

import { startRegistrar, type Commanded, type Registrar } from '../../../core/command/registrar.ts';
import type { Answer } from '../../../core/deliver/answer.ts';
import { createLogger } from '../../../core/service/log.ts';

const bell: Commanded = { entityId: 'urn:ngsi-ld:Bell:001', entityType: 'Bell', names: ['ring'] };
let registrar: Registrar | undefined;
afterEach(() => registrar?.stop());

function scene(first: readonly Commanded[]) {
  const there = new Map<string, { readonly information: readonly { readonly propertyNames: readonly string[] }[] }>();
  const state = new Map<string, unknown>();
  const world = { commanded: first, isAway: false, calls: 0 };
  const answer = (give: () => Answer): Promise<Answer> => {
    world.calls += 1;
    return Promise.resolve(world.isAway ? { status: 0, failure: 'no connection' } : give());
  };
  const start = () =>
    startRegistrar({
      client: {
        register: (body) =>
          answer(() => {
            const registration = JSON.parse(body) as { id: string; information: { propertyNames: string[] }[] };
            if (there.has(registration.id)) return { status: 409 };
            there.set(registration.id, registration);
            return { status: 201 };
          }),
        registration: (id) => answer(() => ({ status: there.has(id) ? 200 : 404 })),
        unregister: (id) =>
          answer(() => (there.delete(id) ? { status: 204 } : { status: 404, body: { type: 'ResourceNotFound', title: 'gone' } })),
      },
      endpoint: 'http://127.0.0.1:8080',
      hasToken: false,
      commanded: () => world.commanded,
      contextOf: () => '',
      state: { get: (key) => state.get(key), set: (key, value) => void state.set(key, value) },
      logger: createLogger('silent'),
      everyMs: 10,
      random: () => 0,
    });
  const names = () => [...there.values()].map(({ information }) => information[0]?.propertyNames);
  return { there, world, start, names };
}

async function until(reached: () => boolean): Promise<void> {
  for (let tries = 0; !reached() && tries < 500; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(reached()).toBe(true);
}

describe('commands at the broker', () => {
  it('are registered once, follow their device and go with it', async () => {
    const { there, world, start, names } = scene([bell]);
    registrar = start();
    await until(() => there.size === 1);
    world.commanded = [{ ...bell, names: ['ring', 'hush'] }];
    registrar.changed();
    await until(() => names()[0]?.length === 2);
    expect(there.size).toBe(1);
    await registrar.stop();
    registrar = start();
    world.commanded = [];
    registrar.changed();
    await until(() => there.size === 0);
  });

  it('are registered when a broker comes that was away', async () => {
    const { there, world, start } = scene([bell]);
    world.isAway = true;
    registrar = start();
    await until(() => world.calls > 1);
    expect(there.size).toBe(0);
    world.isAway = false;
    registrar.changed();
    await until(() => there.size === 1);
  });

  it('that stand there from before a restart are left alone', async () => {
    const { there, start } = scene([bell]);
    registrar = start();
    await until(() => there.size === 1);
    const [[id, first]] = [...there] as [[string, never]];
    await registrar.stop();
    registrar = start();
    await registrar.stop();
    expect(there.get(id)).toBe(first);
  });
});
