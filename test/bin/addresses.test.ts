/** What commands say and write that depends on where others stand: no process is needed for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

import { publishLine } from '../../bin/commands/device-add.ts';
import { exitCodeOf, exitCodes, notAllowed } from '../../bin/exit.ts';
import { surroundingsOf } from '../../bin/sharing.ts';
import { hiddenEntities } from '../../core/access/hidden.ts';
import { loadConfig } from '../../core/service/config.ts';
import { loadModels } from '../../core/service/load-models.ts';

const folder = mkdtempSync(join(tmpdir(), 'klavze-addresses-'));
afterAll(() => rmSync(folder, { recursive: true }));
const configOf = (environment: Record<string, string>) => loadConfig({ KLAVZE_DATA_DIR: folder, ...environment }, folder);

describe('a command of another user than that of the service', () => {
  const denied = (code: string, path?: string) => Object.assign(new Error(`${code}: permission denied`), { code, ...(path && { path }) });

  it('is told what it may not use, and that is no defect', () => {
    const error = denied('EACCES', '/etc/klavze/devices.yaml.new');
    expect(notAllowed(error)).toMatch(/^the user \S+ may not use \/etc\/klavze\/devices\.yaml\.new \(EACCES\); run the command as/);
    expect(exitCodeOf(error)).toBe(exitCodes.configuration);
    expect(exitCodeOf(denied('EROFS', '/etc/klavze'))).toBe(exitCodes.configuration);
  });

  it.each([denied('ENOENT', '/etc/klavze'), denied('EACCES'), new TypeError('x is not a function'), undefined])(
    'is not what a defect is taken for: %s',
    (error) => {
      expect(notAllowed(error)).toBeUndefined();
      expect(exitCodeOf(error)).toBe(exitCodes.software);
    },
  );
});

describe('the line that publishes a first message', () => {
  const line = (environment: Record<string, string>) => publishLine(configOf(environment), 'school', 'klavze/school/up', '{}');

  it('needs no name at the embedded broker that asks for none', () => {
    expect(line({})).toBe("mosquitto_pub -h 127.0.0.1 -p 1883 -q 1 -t klavze/school/up -m '{}'");
  });

  it("has the embedded broker's own name", () => {
    expect(line({ KLAVZE_MQTT_USERNAME: 'klavze' })).toContain(' -u klavze -P "$KLAVZE_MQTT_PASSWORD" ');
  });

  it("has the device's name at a broker with an access list", () => {
    expect(line({ KLAVZE_MQTT_USERNAME: 'klavze', KLAVZE_MQTT_URL: 'mqtts://127.0.0.1:8884' })).toMatch(
      /^mosquitto_pub -h 127\.0\.0\.1 -p 8884 --cafile \S+ -u school -P "\$MQTT_PASSWORD" /,
    );
  });
});

describe('the context that a partner is told', () => {
  const models = loadModels();
  const around = (environment: Record<string, string>) =>
    surroundingsOf(configOf(environment), models, 'http://127.0.0.1:8080', () => hiddenEntities([], new Map(), models));
  const inside = { KLAVZE_CONTEXT_URL: 'http://klavze-agents:8080/contexts/{subject}.jsonld' };

  it('is where others reach this Klavže, while our broker fetches it inside', () => {
    const { contextOf, publicContextOf } = around({ ...inside, KLAVZE_GATEWAY_PUBLIC_URL: 'https://podatki.idrija.example/' });
    expect(contextOf('WeatherObserved')).toBe('http://klavze-agents:8080/contexts/weather.jsonld');
    expect(publicContextOf('WeatherObserved')).toBe('https://podatki.idrija.example/contexts/weather.jsonld');
  });

  it.each([inside, { ...inside, KLAVZE_GATEWAY_PUBLIC_URL: 'https://localhost:8443' }])(
    'is that of our broker where nobody else reaches us: %j',
    (environment) => {
      expect(around(environment).publicContextOf('WeatherObserved')).toBe('http://klavze-agents:8080/contexts/weather.jsonld');
    },
  );

  it('stays the official one', () => {
    const { contextOf, publicContextOf } = around({
      KLAVZE_CONTEXT_URL: 'official',
      KLAVZE_GATEWAY_PUBLIC_URL: 'https://podatki.idrija.example',
    });
    expect(publicContextOf('WeatherObserved')).toBe(contextOf('WeatherObserved'));
    expect(contextOf('WeatherObserved')).toMatch(/^https:\/\//);
  });
});
