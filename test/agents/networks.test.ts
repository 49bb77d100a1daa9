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
const arrival = '2026-03-02T08:15:00.000Z';

/** Every message of a sample file through the line, as from a device that is assumed. */
function attempts(file: string, topic = 'unused', decoder?: string): Attempt[] {
  return messagesOf(readFileSync(join(samples, file)), topic).map((message) =>
    tryMessage({
      ...message,
      receivedAt: arrival,
      knowledge: agents,
      family: 'air-quality',
      ...(decoder === undefined ? {} : { decoder }),
    }),
  );
}

const valuesOf = (attempt: Attempt | undefined): Record<string, number> =>
  Object.fromEntries((attempt?.readings ?? []).map(({ quantity, value }) => [quantity, value]));
const codesOf = (attempt: Attempt | undefined): string[] =>
  (attempt?.deadLetters ?? []).map(({ rejection }) => rejection.code).filter((code) => code !== 'unmapped_quantity');

if (!existsSync(samples)) {
  it.skip(`skipped: the shared samples are not at ${samples}; set KLAVZE_SHARED`, () => undefined);
} else {
  describe('samples of networks and of firmware', () => {
    it('Zigbee2MQTT: motion, leak, switch and climate', () => {
      const [leak, motion, plug, climate] = attempts('zigbee2mqtt/log_lines.ndjson');
      expect(valuesOf(leak)).toEqual({ waterLeak: 0, batteryLevel: 1, batteryVoltage: 3.045 });
      expect(valuesOf(motion)).toEqual({ airTemperature: 19.9, illuminance: 49, presence: 1, batteryLevel: 1 });
      expect(plug).toMatchObject({ event: 'state', readings: [], deadLetters: [] });
      expect(valuesOf(climate)).toEqual({ airTemperature: 27.34, relativeHumidity: 0.4472 });
    });

    it('Tasmota: every line is measured, an event, or a placeholder of the manual', () => {
      const lines = attempts('tasmota/tele_sensor_examples.ndjson');
      expect(lines.length).toBeGreaterThan(35);
      for (const line of lines) {
        expect(line.readings.length > 0 || line.event !== undefined).toBe(true);
        expect(codesOf(line)).toEqual([]);
      }
      const co2 = lines.find(({ readings }) => readings.some(({ value }) => value === 618));
      expect(valuesOf(co2)).toEqual({ airTemperature: 23.8, relativeHumidity: 0.611, dewPoint: 15.8, co2: 618 });
      // 20:04 in May is summer time.
      expect(co2?.readings[0]?.observedAt).toBe('2023-05-28T18:04:27.000Z');
      const probes = lines.find(({ readings }) => readings.some(({ value }) => value === 13.3));
      expect(probes?.readings.map(({ value }) => value)).toEqual([13.3, 1.2, 22.5]);
      const ultrasonic = lines.find(({ readings }) => readings.some(({ quantity }) => quantity === 'distance'));
      expect(valuesOf(ultrasonic)).toEqual({ distance: 0.16754 });
      const meter = lines.find(({ readings }) => readings.some(({ quantity }) => quantity === 'activePower'));
      expect(valuesOf(meter)).toMatchObject({ activePower: 2629, reactivePower: 288, voltage: 226, activeEnergyImport: 6.404 });
    });

    it('Shelly: the topics of a thermometer', () => {
      const topics = attempts('shelly/status_topics_ht.ndjson');
      expect(Object.assign({}, ...topics.map(valuesOf))).toEqual({
        batteryLevel: 0.73,
        batteryVoltage: 5.46,
        relativeHumidity: 0.57,
        airTemperature: 20.1,
        rssi: -47,
      });
      expect(topics.filter(({ event }) => event === 'status')).toHaveLength(6);
      expect(topics.flatMap(codesOf)).toEqual([]);
    });

    it('Shelly: the status of a three-phase meter, without the warmth of its electronics', () => {
      const file = 'shelly/gen2_Shelly_Pro_3EM_SPEM-003CEBEU_20231219-134001-1.1.0-g34b5d4f.json';
      const [meter] = attempts(file, 'shellypro3em-aabbccddeeff/events/rpc');
      expect(valuesOf(meter)).toMatchObject({
        activePower: 558.965,
        activePowerL3: 12.7,
        voltageL1: 229,
        currentL2: 1.037,
        powerFactorL3: 0.53,
        frequency: 50,
        activeEnergyImport: 2589.77339,
        activeEnergyExport: 1.02661,
      });
      expect(meter?.readings.map(({ quantity }) => quantity)).not.toContain('airTemperature');
      expect(meter?.readings[0]?.observedAt).toBe('2024-02-07T17:28:47.000Z');
    });

    it('wmbusmeters: the time of a clock that was never set is refused, the meters are read without it', () => {
      const file = 'wmbusmeters/water_telegrams.ndjson';
      const lines = readFileSync(join(samples, file), 'utf8').trim().split('\n');
      for (const line of attempts(file, 'wmbusmeters/meter')) {
        expect([codesOf(line), line.readings]).toEqual([['invalid_time'], []]);
      }
      let totals = 0;
      for (const line of lines) {
        const { timestamp: _, ...telegram } = JSON.parse(line) as { timestamp: string; id: string; total_m3?: number };
        const payload = Buffer.from(JSON.stringify(telegram));
        const read = tryMessage({
          topic: `wmbusmeters/${telegram.id}`,
          payload,
          receivedAt: arrival,
          knowledge: agents,
          family: 'water-meter',
        });
        expect(codesOf(read)).toEqual([]);
        if (telegram.total_m3 === undefined) expect([valuesOf(read)['waterVolume'], read.event]).toEqual([undefined, 'history']);
        else expect(valuesOf(read)['waterVolume']).toBeCloseTo(telegram.total_m3 * 1000, 6);
        totals += Number(telegram.total_m3 !== undefined);
      }
      expect(totals).toBeGreaterThan(70);
    });

    it('AirGradient: compensated climate, PM2.5 as the sensor gives it, zero is zero', () => {
      const [first] = attempts('airgradient/current_measures.json', 'airgradient/readings/84fce612f5b8');
      expect(valuesOf(first)).toEqual({
        ...{ pm1: 22, pm25: 34, pm10: 41, co2: 778, airTemperature: 22.17, relativeHumidity: 0.47, vocIndex: 99, noxIndex: 1, rssi: -52 },
      });
      const [second] = attempts('airgradient/current_measures_2.json', 'airgradient/readings/aaaaaaaaaa');
      expect(valuesOf(second)).toMatchObject({ pm1: 0, pm25: 2, pm10: 2, co2: 566 });
    });

    it('PurpleAir: Fahrenheit, the mean of both channels, the time of the sensor', () => {
      const [answer] = attempts('purpleair/get_sensor_response.json', 'purpleair/131075');
      const temperature = expect.closeTo(20.5556, 3);
      const values = {
        pm1: 0,
        pm25: 0,
        pm10: 0,
        airTemperature: temperature,
        relativeHumidity: 0.33,
        atmosphericPressure: 1001.66,
        rssi: -67,
      };
      expect(valuesOf(answer)).toEqual(values);
      expect(answer?.readings[0]?.observedAt).toBe('2022-11-05T16:36:02.000Z');
    });

    it('sensor.community: texts, pressure in Pa', () => {
      const [push] = attempts('sensor-community/luftdaten_example_data_NRZ-2018-121.json', 'ingest/sensor-community/12345678');
      expect(valuesOf(push)).toEqual({ pm10: 1.87, pm25: 1.05, airTemperature: 26.8, atmosphericPressure: 1006.59, rssi: -52 });
    });

    it('Netmore: arrays with frames in hex, for the decoder that the registry names', () => {
      for (const name of ['array_hex_payload', 'senlab_temperature', 'vegapuls_air41']) {
        const [attempt] = attempts(`lorawan-municipal/netmore_${name}.json`, 'ingest/netmore');
        expect([attempt?.envelope, codesOf(attempt)]).toEqual(['netmore', ['unknown_model']]);
      }
    });

    it('SenML: the device of the topic, or that of the base name', () => {
      for (const topic of ['senml/a81758fffe051d02', 'senml']) {
        const [pack] = attempts('lorawan-municipal/senml_pack.json', topic);
        expect(pack?.readings).toEqual([{ quantity: 'airTemperature', value: -4.5, observedAt: '2023-02-22T15:29:54.000Z' }]);
      }
    });

    it('SensorThings: observed properties that are no quantities here are refused by name', () => {
      const [thing] = attempts('sensorthings/entities_with_observations.json', 'v1.1/Things');
      expect(thing?.readings).toEqual([]);
      expect(thing?.deadLetters.map(({ rejection }) => rejection.code)).toContain('unmapped_quantity');
    });
  });
}
