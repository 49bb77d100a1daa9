import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { loadKnowledge } from '../../core/service/knowledge.ts';
import { tryMessage, type Attempt } from '../../core/service/try.ts';

const knowledge = await loadKnowledge();
const agents = { ...knowledge, ...knowledge.agents, device: () => undefined };
const receivedAt = '2026-07-02T08:15:00.000Z';

function passes(topic: string, text: string): Attempt {
  return tryMessage({ topic, payload: Buffer.from(text), receivedAt, knowledge: agents, family: 'weather' });
}

/** One temperature in the form of each network whose messages are text. */
const forms: readonly (readonly [name: string, topic: string, message: (value: string) => string])[] = [
  ['klavze', 'klavze/d-1/up', (value) => `{"airTemperature":${value}}`],
  ['iota-json', '/json/k/d-1/attrs', (value) => `{"t":${value}}`],
  ['decoded payload', 'application/1/device/24e124713b000017/event/up', decoded],
  ['tasmota', 'tele/d-1/SENSOR', (value) => `{"DHT11":{"Temperature":${value}}}`],
  ['zigbee2mqtt', 'zigbee2mqtt/d-1', (value) => `{"temperature":${value}}`],
  ['shelly', 'shellyhtg3-1/status/temperature:0', (value) => `{"id":0,"tC":${value}}`],
  ['airgradient', 'airgradient/readings/d-1', (value) => `{"atmp":${value}}`],
  ['sensor.community', 'sensor-community/d-1', (value) => `{"sensordatavalues":[{"value_type":"DHT_temperature","value":${value}}]}`],
  ['wmbusmeters', 'wmbusmeters/d', (value) => `{"_":"telegram","id":"1","media":"room sensor","current_temperature_c":${value}}`],
];

function decoded(value: string): string {
  return `{"deviceInfo":{"devEui":"24e124713b000017"},"time":"${receivedAt}","fPort":2,"data":"AQ==","object":{"temperature":${value}}}`;
}

describe.each(forms)('%s', (_name, topic, message) => {
  it.each([
    ['30.11', 30.11],
    ['"30.11"', 30.11],
    ['"30.11 °C"', 30.11],
    ['"30,11"', 30.11],
    ['"86 °F"', 30],
    ['-4.5', -4.5],
    ['0', 0],
  ])('reads %s', (value, expected) => {
    const readings = passes(topic, message(value)).readings.filter(({ quantity }) => quantity === 'airTemperature');
    expect(readings.map((reading) => reading.value)).toEqual([expect.closeTo(expected, 8)]);
  });

  it.each([
    '"Invalid Reading"',
    '"No Sensor"',
    '"NaN"',
    '"nan"',
    '"inf"',
    '"-"',
    '"3.384 V"',
    '999.9',
    '327.67',
    '-127',
    '2147483647',
    '1e999',
    'true',
    '[1]',
    '{"a":1}',
    'null',
    '""',
    'NaN',
  ])('makes no number of %s', (value) => {
    const { readings, deadLetters, event } = passes(topic, message(value));
    expect(readings.filter(({ quantity }) => quantity === 'airTemperature')).toEqual([]);
    expect(deadLetters.length > 0 || event !== undefined).toBe(true);
    expect(deadLetters.map(({ rejection }) => rejection.code)).not.toContain('plugin_failure');
  });
});

it('random JSON inside the shapes gives numbers, events or refusals, and leaves prototypes alone', () => {
  const leaf = fc.oneof(
    fc.constantFrom<unknown>('NaN', '30.11 °C', '', null, true, 1e308, -0, 2147483647, '1e400', '9'.repeat(400)),
    fc.jsonValue({ maxDepth: 4 }),
  );
  const names = fc.constantFrom(
    'temperature',
    'value',
    'ENERGY',
    'DHT11',
    'switch:0',
    'params',
    'ts',
    'Time',
    'last_seen',
    '__proto__',
    'constructor',
  );
  const shape = fc.dictionary(names, fc.oneof(leaf, fc.dictionary(names, leaf)));
  const before = Object.getOwnPropertyNames(Object.prototype).length;
  fc.assert(
    fc.property(fc.constantFrom(...forms), shape, (form, value) => {
      const [, topic] = form;
      for (const text of [JSON.stringify(value), form[2](JSON.stringify(value))]) {
        const { readings, deadLetters } = passes(topic, text);
        for (const reading of readings) expect(Number.isFinite(reading.value)).toBe(true);
        expect(deadLetters.map(({ rejection }) => rejection.code)).not.toContain('plugin_failure');
      }
    }),
    { numRuns: 1500 },
  );
  expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(before);
});
