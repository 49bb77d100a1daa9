import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import type { AgentKnowledge } from '../../core/pipeline.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { messagesOf, tryMessage, type Attempt } from '../../core/service/try.ts';
import { shared } from '../../tools/shared.ts';

const samples = join(shared, 'samples');
const knowledge = await loadKnowledge();
const agents: AgentKnowledge = { ...knowledge, ...knowledge.agents, device: () => undefined };

/** Oracles name values as their codecs do: quantity, and what makes one of the other. */
const oracleNames: Readonly<Record<string, readonly [quantity: string, factor: number]>> = {
  battery: ['batteryLevel', 0.01],
  battery_voltage: ['batteryVoltage', 1],
  distance: ['distance', 0.001],
  pm1_0_mass_concentration: ['pm1', 1],
  pm2_5_mass_concentration: ['pm25', 1],
  pm4_mass_concentration: ['pm4', 1],
  pm10_mass_concentration: ['pm10', 1],
  typical_particle_size: ['typicalParticleSize', 0.001],
  pm0_5_number_concentration: ['particleNumber05', 1],
  pm1_0_number_concentration: ['particleNumber1', 1],
  pm2_5_number_concentration: ['particleNumber25', 1],
  pm4_number_concentration: ['particleNumber4', 1],
  pm10_number_concentration: ['particleNumber10', 1],
  air_temperature: ['airTemperature', 1],
  air_humidity: ['relativeHumidity', 0.01],
  barometric_pressure: ['atmosphericPressure', 0.01],
  temperature: ['airTemperature', 1],
  humidity: ['relativeHumidity', 0.01],
  pressure: ['atmosphericPressure', 1],
  pir: ['presence', 1],
  light_level: ['lightLevel', 1],
  co2: ['co2', 1],
  tvoc: ['vocIndex', 1],
  pm2_5: ['pm25', 1],
  pm10: ['pm10', 1],
  position: ['tilted', 1],
  occupied: ['occupied', 1],
};

/** What oracles write as words, and what says nothing of the world. */
const oracleWords: Readonly<Record<string, number>> = { trigger: 1, idle: 0, normal: 0, tilt: 1, true: 1, false: 0 };
const notMeasured = /^(?:lora_.*|beep|type|number_of_valid_samples)$/;

function attempts(file: string, topic: string, family: string, decoder?: string): Attempt[] {
  return messagesOf(readFileSync(join(samples, file)), topic).map((message) =>
    tryMessage({
      ...message,
      receivedAt: '2026-03-02T08:15:00.000Z',
      knowledge: agents,
      family,
      ...(decoder === undefined ? {} : { decoder }),
    }),
  );
}

function readings(list: readonly Attempt[]): [string, number][][] {
  return list.map((attempt) => attempt.readings.map(({ quantity, value }) => [quantity, value]));
}

if (!existsSync(samples)) {
  it.skip(`skipped: the shared samples are not at ${samples}; set KLAVZE_SHARED`, () => undefined);
} else {
  describe('frames agree with the oracle beside them', () => {
    it.each([
      ['lorawan/chirpstack/Milesight_EM500-UDL', 'application/1/device/1000000000000001/event/up', 'milesight-em500-udl'],
      [
        'lorawan/thingsstackcommunity/Milesight_EM500-UDL',
        'v3/application-tts-name@ttn/devices/eui-1000000000000001/up',
        'milesight-em500-udl',
      ],
      ['lorawan/thingsstackindustries/Decentlab_DL-PM', 'v3/test-decentlab/devices/03022/up', 'decentlab-dl-pm'],
      ['lorawan/chirpstack/Decentlab_DL-MBX', 'application/1/device/70b3d57ba0003bb8/event/up', 'decentlab-dl-mbx'],
      ['lorawan/chirpstack/Bosch_Parking_Lot_Sensor', 'application/1/device/1000000000000001/event/up', 'bosch-parking-lot-sensor'],
      ['lorawan/chirpstack/Milesight_EM300-TH', 'application/1/device/1000000000000001/event/up', 'milesight-em300-th'],
      [
        'lorawan/thingsstackcommunity/Milesight_AM308',
        'v3/application-tts-name@ttn/devices/eui-1000000000000001/up',
        'milesight-am308',
        // The frame has two channels of the AM319 that the oracle passes over.
        ['hcho', 'o3'],
      ],
    ] as const)('%s', (file, topic, decoder, beyondOracle: readonly string[] = []) => {
      const [attempt] = attempts(`${file}__payload.json`, topic, 'air-quality', decoder);
      const oracle = JSON.parse(readFileSync(join(samples, `${file}__result.json`), 'utf8')) as {
        telemetry: { values: Record<string, number | string | boolean> }[];
      };
      const values = Object.entries(oracle.telemetry[0]?.values ?? {}).filter(([name]) => !notMeasured.test(name));
      expect(values.length).toBeGreaterThan(0);
      for (const [name, value] of values) {
        const [quantity, factor] = oracleNames[name] ?? ['unknown', 1];
        const reading = attempt?.readings.find((candidate) => candidate.quantity === quantity);
        const number = typeof value === 'number' ? value : (oracleWords[String(value)] ?? NaN);
        expect([name, reading?.value]).toEqual([name, expect.closeTo(number * factor, 6)]);
      }
      const names = attempt?.readings.map(({ quantity }) => quantity) ?? [];
      expect(names.filter((quantity) => !beyondOracle.includes(quantity))).toHaveLength(values.length);
      expect(names).toEqual(expect.arrayContaining([...beyondOracle]));
    });

    it.each([
      ['lorawan/chirpstack/Bosch_Parking_Lot_Sensor', 'application/1/device/1000000000000001/event/up'],
      ['lorawan/chirpstack/Decentlab_DL-MBX', 'application/1/device/70b3d57ba0003bb8/event/up'],
      ['lorawan/chirpstack/Milesight_EM300-TH', 'application/1/device/1000000000000001/event/up'],
      ['lorawan/thingsstackcommunity/Milesight_AM308', 'v3/application-tts-name@ttn/devices/eui-1000000000000001/up'],
    ])('%s: no decoder gives a wrong number, and without one the reason is told', (file, topic) => {
      const [plain] = attempts(`${file}__payload.json`, topic, 'air-quality');
      expect(plain?.deadLetters.map(({ rejection }) => rejection.code)).toEqual(['unknown_model']);
      for (const decoder of ['milesight-em500-udl', 'decentlab-dl-pm']) {
        const [wrong] = attempts(`${file}__payload.json`, topic, 'air-quality', decoder);
        expect(wrong?.deadLetters.length).toBeGreaterThan(0);
        // The battery channel is the same in every Milesight device.
        expect(wrong?.readings.filter(({ quantity }) => quantity !== 'batteryLevel')).toEqual([]);
      }
    });
  });

  it('frames whose values the network or the vendor states', () => {
    const tld = 'lorawan-municipal/chirpstack-v3_em400-tld_level.json';
    expect(readings(attempts(tld, 'application/102/device/24e124329e090021/event/up', 'river-level', 'milesight-em400-tld'))).toEqual([
      [
        ['batteryLevel', 0.87],
        ['airTemperature', 5.6],
        ['distance', 2.14],
        ['tilted', 0],
      ],
    ]);
    const vega = 'lorawan-municipal/netmore_vegapuls_air41.json';
    expect(readings(attempts(vega, 'netmore/04c46100008f70e4', 'river-level', 'vega-vegapuls-air'))).toEqual([
      [
        ['distance', expect.closeTo(1.8095, 3)],
        ['batteryLevel', 0.96],
        ['airTemperature', 21.4],
        ['inclination', 178],
      ],
    ]);
    const rows = attempts(
      'lorawan-ttn/storage_dragino-soil_unit-strings.ndjson',
      'v3/app@ttn/devices/eui-a8404194a1875ff3/up',
      'air-quality',
      'dragino-lse01',
    );
    expect(Object.fromEntries(readings(rows)[0] ?? [])).toEqual({
      batteryVoltage: 3.384,
      conductivity: 0,
      soilTemperature: 30.11,
      soilMoisture: 0,
    });
  });

  it('ChirpStack 3 and forwarded objects', () => {
    expect(
      readings(
        attempts('lorawan-municipal/chirpstack-v3_em400-tld_level.json', 'application/102/device/24e124329e090021/event/up', 'river-level'),
      ),
    ).toEqual([
      [
        ['batteryLevel', 0.87],
        ['distance', 2.14],
        ['airTemperature', 5.6],
      ],
    ]);
    const [air] = attempts(
      'lorawan-municipal/chirpstack_airquality_object.json',
      'application/1/device/xxxxxxxxxxxxxxxx/event/up',
      'air-quality',
    );
    expect(air?.readings.map(({ quantity }) => quantity)).toEqual(['no2', 'pm10', 'pm25', 'relativeHumidity', 'airTemperature']);
    expect(air?.readings[3]?.value).toBe(0.768);
    expect(air?.deadLetters).toEqual([]);
  });

  it('SenML with LwM2M names', () => {
    const [pack] = attempts('lorawan-municipal/senml_pack.json', 'klavze/a81758fffe051d02/up', 'air-quality');
    expect(pack?.readings).toEqual([{ quantity: 'airTemperature', value: -4.5, observedAt: '2023-02-22T15:29:54.000Z' }]);
  });

  it('IoT Agent JSON and UltraLight', () => {
    expect(readings(attempts('iota/json_examples.ndjson', 'unused', 'air-quality'))).toEqual([
      [
        ['relativeHumidity', 0.7],
        ['airTemperature', 15],
      ],
      [['relativeHumidity', 0.7]],
      [
        ['relativeHumidity', 0.44],
        ['relativeHumidity', 0.33],
      ],
    ]);
    expect(readings(attempts('iota/ultralight_examples.txt', '/ul/ABCDEF/id_sen1/attrs', 'air-quality'))).toEqual([
      [['airTemperature', 15]],
      [['airTemperature', 10]],
      [],
      [
        ['relativeHumidity', 0.7],
        ['airTemperature', 15],
      ],
      [],
    ]);
  });

  it('rows of The Things Stack storage: texts with units', () => {
    const rows = attempts(
      'lorawan-ttn/storage_dragino-soil_unit-strings.ndjson',
      'v3/app@ttn/devices/eui-a8404194a1875ff3/up',
      'air-quality',
    );
    expect(rows).toHaveLength(8);
    expect(Object.fromEntries(readings(rows)[0] ?? [])).toEqual({
      batteryVoltage: 3.384,
      conductivity: 0,
      soilTemperature: 30.11,
      soilMoisture: 0,
    });
    for (const { publications, deadLetters } of rows) expect(publications.length + deadLetters.length).toBeGreaterThan(0);
  });

  it('joins and failed downlinks are events', () => {
    expect(attempts('lorawan-tts-docs/join_accept.json', 'v3/app1/devices/dev1/join', 'air-quality')).toMatchObject([
      { event: 'join_accept', deadLetters: [] },
    ]);
    expect(attempts('lorawan-tts-docs/downlink_failed.json', 'v3/app1/devices/dev1/down/failed', 'air-quality')).toMatchObject([
      { event: 'downlink_failed', deadLetters: [] },
    ]);
  });
}
