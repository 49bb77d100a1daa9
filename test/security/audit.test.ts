/** Who changed what: the audit log. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import axios from 'axios';
import express from 'express';

import { writeRegistry } from '../../bin/commands/device-file.ts';
import { createCommands } from '../../core/command/router.ts';
import { createProvisioning } from '../../core/provision/router.ts';
import type { Provisioning } from '../../core/provision/store.ts';
import { commandActor, fingerprint, openAudit, type AuditEntry } from '../../core/service/audit.ts';
import { loadConfig } from '../../core/service/config.ts';
import { changedDevices } from '../../core/service/device-changes.ts';
import { hideSecretsOf } from '../../core/service/hidden.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { everywhere } from '../../core/service/reach.ts';

const clock = (): string => '2026-05-01T10:00:00.000Z';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-audit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function entries(): Record<string, unknown>[] {
  const text = readFileSync(join(folder, 'audit.ndjson'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the audit log', () => {
  it('is appended to, a line for each action, and for its owner only', () => {
    const audit = openAudit({ folder: join(folder, 'new'), clock });
    audit({ action: 'replay', actor: 'user:ana', of: ['own-1'], detail: { messages: 3 } });
    openAudit({ folder: join(folder, 'new'), clock })({ action: 'start', actor: 'user:ana' });
    folder = join(folder, 'new');
    expect(entries()).toEqual([
      { at: clock(), actor: 'user:ana', action: 'replay', of: ['own-1'], detail: { messages: 3 } },
      { at: clock(), actor: 'user:ana', action: 'start' },
    ]);
    expect(statSync(join(folder, 'audit.ndjson')).mode & 0o077).toBe(0);
    folder = join(folder, '..');
  });

  it('is put aside when it is full, and bounded', () => {
    const audit = openAudit({ folder, clock, bytes: 300, files: 2 });
    for (let n = 0; n < 40; n++) audit({ action: `a${n}`, actor: 'file' });
    expect(readdirSync(folder).sort()).toEqual(['audit.1.ndjson', 'audit.2.ndjson', 'audit.ndjson']);
    expect(entries().at(-1)).toMatchObject({ action: 'a39' });
  });

  it('holds no secret, and long lists cut with their count', () => {
    hideSecretsOf({ token: 'planted-in-the-audit' });
    openAudit({ folder, clock })({
      action: 'x',
      actor: 'file',
      of: Array.from({ length: 500 }, (_, n) => `d${n}`),
      detail: { said: 'planted-in-the-audit' },
    });
    expect(entries()[0]).toMatchObject({ count: 500, detail: { said: '[secret]' } });
    expect(entries()[0]?.['of']).toHaveLength(100);
    expect(fingerprint({ a: 'planted-in-the-audit' })).toBe(fingerprint({ a: '[secret]' }));
  });

  it('that cannot be written does not undo what was done', () => {
    writeFileSync(join(folder, 'file'), '');
    const errors: unknown[] = [];
    const logger = { error: (told: unknown) => void errors.push(told) } as never;
    openAudit({ folder: join(folder, 'file'), clock, logger })({ action: 'x', actor: 'file' });
    expect(errors).toHaveLength(1);
  });

  it('names the person behind sudo', () => {
    expect(commandActor({ SUDO_USER: 'ana' })).toBe('user:ana');
    expect(commandActor({})).toMatch(/^user:.+/);
  });

  it('says what a new version of the registry changed', () => {
    const device = (id: string, more: object = {}) => ({ id, family: 'air-quality', location: [14, 46] as const, ...more });
    expect(changedDevices([device('a'), device('b'), device('c')], [device('a'), device('b', { height: 2 }), device('d')])).toEqual({
      of: ['d', 'b', 'c'],
      detail: { added: 1, changed: 1, removed: 1 },
    });
  });
});

describe('who comes over HTTP', () => {
  it('is noted with every change of what is provisioned and every command, sent or refused', async () => {
    const told: AuditEntry[] = [];
    const audit = (entry: AuditEntry): void => void told.push(entry);
    let provisioning: Provisioning = { services: [], devices: [] };
    const app = express();
    app.use(
      '/iot',
      createProvisioning({ version: '1', reach: everywhere, audit, current: () => provisioning, keep: (next) => (provisioning = next) }),
    );
    const route = { kind: 'mqtt', topic: 't', payload: new Uint8Array() } as const;
    app.use(
      createCommands({
        finders: [(entityId, name, value) => (name === 'on' ? { entityId, entityType: 'T', device: 'd', name, value, route } : undefined)],
        dispatch: () => Promise.resolve(true),
        audit,
      }),
    );
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = { headers: { 'fiware-service': 'idrija', 'fiware-servicepath': '/' }, validateStatus: () => true };
    await axios.post(`${base}/iot/services`, { services: [{ apikey: 'key-of-group', entity_type: 'Thing' }] }, options);
    await axios.post(`${base}/iot/devices`, { devices: [{ device_id: 'd1', apikey: 'key-of-d1' }] }, options);
    await axios.post(`${base}/iot/devices`, { devices: [{ nothing: 1 }] }, options);
    await axios.get(`${base}/iot/devices`, options);
    await axios.put(`${base}/iot/devices/d1`, { entity_name: 'x' }, options);
    await axios.delete(`${base}/iot/devices/d1`, options);
    const attribute = { type: 'Property', value: 'open' };
    await axios.patch(`${base}/ngsi-ld/v1/entities/urn:x:1/attrs/on`, attribute, options);
    await axios.patch(`${base}/ngsi-ld/v1/entities/urn:x:1/attrs/off`, attribute, options);
    await axios.post(`${base}/commands/notify`, { data: [{ id: 'urn:x:2', type: 'T', on: attribute }] }, options);
    server.close();
    server.closeAllConnections();
    const actor = expect.stringMatching(/^http:.*127\.0\.0\.1$/) as unknown as string;
    const where = { service: 'idrija', subservice: '/' };
    expect(told).toEqual([
      { action: 'provisioning.create', actor, of: ['Thing'], detail: { what: 'services', ...where } },
      { action: 'provisioning.create', actor, of: ['d1'], detail: { what: 'devices', ...where } },
      { action: 'provisioning.change', actor, of: ['d1'], detail: { what: 'devices', ...where } },
      { action: 'provisioning.delete', actor, of: ['d1'], detail: { what: 'devices', ...where } },
      { action: 'command.send', actor, of: ['urn:x:1'], detail: { commands: 'on', value: '"open"' } },
      { action: 'command.refused', actor, of: ['urn:x:1'], detail: { commands: 'off', value: '"open"' } },
      { action: 'command.send', actor, of: ['urn:x:2'], detail: { commands: 'on', value: '"open"' } },
    ]);
    expect(JSON.stringify(told)).not.toContain('key-of');
  });
});

describe('who sits at the command line', () => {
  it('is noted with a device that is added', async () => {
    const config = loadConfig({ KLAVZE_DATA_DIR: folder, KLAVZE_DEVICES_FILE: join(folder, 'devices.yaml') }, folder);
    const text = 'devices:\n  - { id: own-1, family: air-quality, location: [14.03, 46.00] }\n';
    writeRegistry(config, await loadKnowledge(config), 'device.add', text);
    expect(entries()).toEqual([
      {
        at: expect.any(String),
        actor: expect.stringMatching(/^user:.+/),
        action: 'device.add',
        of: ['own-1'],
        detail: { added: 1, changed: 0, removed: 0 },
      },
    ]);
  });
});
