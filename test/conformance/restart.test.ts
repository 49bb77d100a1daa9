import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startBroker } from '../../embedded/ngsi-ld/server.ts';
import { call, sensor } from './broker.ts';

const folder = mkdtempSync(join(tmpdir(), 'klavze-broker-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a broker on a file', () => {
  it('has its entities, tenants and contexts after a restart', async () => {
    const dbFile = join(folder, 'broker.sqlite');
    const entity = sensor({ a: 1 });
    const first = await startBroker({ port: 0, dbFile });
    await call(`${first.url}/ngsi-ld/v1/entities`, 'POST', entity, { 'ngsild-tenant': 'city' });
    const hosted = await call(`${first.url}/ngsi-ld/v1/jsonldContexts`, 'POST', { '@context': { a: 'https://ex.org/a' } });
    await first.close();
    const second = await startBroker({ port: 0, dbFile });
    expect(
      (await call(`${second.url}/ngsi-ld/v1/entities/${entity.id}?options=keyValues`, 'GET', undefined, { 'ngsild-tenant': 'city' })).json,
    ).toEqual(entity);
    expect((await call(second.url + String(hosted.headers.get('location')), 'GET')).json).toEqual({
      '@context': { a: 'https://ex.org/a' },
    });
    await second.close();
  });

  it('says so when its port is taken, and lets go of its file', async () => {
    const first = await startBroker({ port: 0, dbFile: ':memory:' });
    const dbFile = join(folder, 'late.sqlite');
    await expect(startBroker({ port: first.port, dbFile })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
    const second = await startBroker({ port: first.port, dbFile });
    expect(second.port).toBe(first.port);
    await second.close();
  });

  it('takes 500 entities in one upsert, again and again', async () => {
    const broker = await startBroker({ port: 0, dbFile: join(folder, 'many.sqlite') });
    const batch = Array.from({ length: 500 }, () =>
      sensor({ a: 1, b: 'x', c: { value: 2, unitCode: 'MTR', observedAt: '2026-05-01T10:00:00.000Z' }, d: true }),
    );
    const upsert = () => call(`${broker.url}/ngsi-ld/v1/entityOperations/upsert?options=update`, 'POST', batch);
    expect(await upsert()).toMatchObject({ status: 201, json: batch.map(({ id }) => id) });
    expect((await upsert()).status).toBe(204);
    await broker.close();
  });
});
