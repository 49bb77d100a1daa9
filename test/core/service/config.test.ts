import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ConfigError } from '../../../core/errors.ts';
import { loadConfig, unknownVariables } from '../../../core/service/config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error('no ConfigError was thrown');
}

describe('loadConfig', () => {
  it('starts everything on loopback when nothing is said', () => {
    const config = loadConfig({}, folder);
    expect(config.http).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(config.mqtt).toEqual({ host: '127.0.0.1', port: 1883, clientId: 'klavze-agents' });
    expect(config.broker.url).toBeUndefined();
    expect(config.dataDir).toBe(join(folder, 'data'));
  });

  it('lets the environment win over the file', () => {
    writeFileSync(join(folder, 'klavze.yaml'), 'mqtt:\n  port: 2883\n  username: idrija\nbroker:\n  tenant: idrija\n');
    const config = loadConfig({ KLAVZE_MQTT_PORT: '3883', KLAVZE_BROKER_URL: 'http://orion:1026' }, folder);
    expect(config.mqtt).toMatchObject({ port: 3883, username: 'idrija' });
    expect(config.broker).toMatchObject({ url: 'http://orion:1026', tenant: 'idrija' });
  });

  it('reads a secret from a file and takes the line end away', () => {
    const secret = join(folder, 'mqtt-password');
    writeFileSync(secret, 'skrivnost\n');
    expect(loadConfig({ KLAVZE_MQTT_PASSWORD_FILE: secret }, folder).mqtt.password).toBe('skrivnost');
  });

  it('names the file of a secret that cannot be read', () => {
    const [fault] = faultsOf(() => loadConfig({ KLAVZE_BROKER_TOKEN_FILE: join(folder, 'gone') }, folder));
    expect(fault).toContain('KLAVZE_BROKER_TOKEN_FILE');
    expect(fault).toContain(join(folder, 'gone'));
  });

  it('takes paths of the file relative to the file', () => {
    writeFileSync(join(folder, 'city.yaml'), 'dataDir: lake\ndevices: registry/devices.yaml\n');
    const config = loadConfig({}, '/', join(folder, 'city.yaml'));
    expect(config.dataDir).toBe(join(folder, 'lake'));
    expect(config.devices).toBe(join(folder, 'registry', 'devices.yaml'));
  });

  it('lists every fault at once with its line, the value found and what was expected', () => {
    writeFileSync(join(folder, 'klavze.yaml'), 'http:\n  port: 99999\nmqqt: {}\nbroker:\n  profile: orionld\n');
    const faults = faultsOf(() => loadConfig({}, folder));
    expect(faults).toHaveLength(3);
    expect(faults.join('\n')).toMatch(/klavze\.yaml:2: http\.port must be <= 65535, found 99999/);
    expect(faults.join('\n')).toMatch(/klavze\.yaml:3: mqqt is not a known key/);
    expect(faults.join('\n')).toMatch(/klavze\.yaml:5: broker\.profile must be one of strict, orion, found "orionld"/);
  });

  it('refuses a port that is no number, a missing named file and broken YAML', () => {
    expect(faultsOf(() => loadConfig({ KLAVZE_HTTP_PORT: 'eighty' }, folder)).join()).toContain('http.port must be integer');
    expect(() => loadConfig({}, folder, 'nowhere.yaml')).toThrow(/nowhere\.yaml does not exist/);
    writeFileSync(join(folder, 'klavze.yaml'), 'http: [1\n');
    expect(faultsOf(() => loadConfig({}, folder)).join()).toMatch(/klavze\.yaml:\d+:/);
  });

  it('reads the token of each network that may post', () => {
    writeFileSync(join(folder, 'klavze.yaml'), 'ingest:\n  sensor-community:\n    tokenInQuery: true\n');
    const secret = join(folder, 'token');
    writeFileSync(secret, 'skrivnost-za-senzorje\n');
    const environment = { KLAVZE_INGEST_SENSOR_COMMUNITY_TOKEN_FILE: secret, KLAVZE_INGEST_NETMORE_TOKEN: 'druga-skrivnost-omrezja' };
    expect(loadConfig(environment, folder).ingest).toEqual({
      'sensor-community': { token: 'skrivnost-za-senzorje', tokenInQuery: true },
      netmore: { token: 'druga-skrivnost-omrezja', tokenInQuery: false },
    });
    expect(unknownVariables(environment)).toEqual([]);
    expect(faultsOf(() => loadConfig({ KLAVZE_INGEST_NETMORE_TOKEN: 'kratka' }, folder)).join()).toContain('ingest.netmore.token');
  });

  it('takes secrets of adapters from variables of their name', () => {
    const environment = { KLAVZE_ADAPTER_NAP_COUNTERS_USERNAME: 'obcina', KLAVZE_ADAPTER_NAP_COUNTERS_PASSWORD: 'geslo' };
    expect(loadConfig(environment, folder).adapters).toEqual({ 'nap-counters': { enabled: true, username: 'obcina', password: 'geslo' } });
    expect(unknownVariables({ ...environment, KLAVZE_ADAPTER_NAP_COUNTERS_PASSWORT: 'x' })).toEqual([
      'KLAVZE_ADAPTER_NAP_COUNTERS_PASSWORT',
    ]);
  });

  it('shows variables that nothing reads', () => {
    expect(unknownVariables({ KLAVZE_MQQT_URL: 'x', KLAVZE_MQTT_PASSWORD_FILE: 'y', PATH: 'z' })).toEqual(['KLAVZE_MQQT_URL']);
  });
});
