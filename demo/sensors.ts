/** Simulated sensors of Idrija. Each publishes real MQTT messages in the form of its network. */
import { type Temporal } from '@js-temporal/polyfill';
import mqtt from 'mqtt';

import { swing } from './datasets.ts';

interface Sensor {
  readonly topic: string;
  payload(at: Temporal.Instant): string;
}

const sensors: readonly Sensor[] = [
  {
    // A station on 3G that speaks the FIWARE IoT Agent's JSON.
    topic: '/json/demo/idrija-aq-mestni-trg/attrs',
    payload: (at) =>
      JSON.stringify({
        TimeInstant: seconds(at),
        pm10: swing(24, 10, at, 0.1),
        pm25: swing(15, 6, at, 0.1),
        no2: swing(19, 8, at, 0.3),
        temperature: swing(7, 5, at, 0.6),
        relativeHumidity: swing(0.72, 0.15, at, 0.1, 2),
      }),
  },
  {
    // UltraLight 2.0, with the moment of measurement in front.
    topic: '/ul/demo/idrija-aq-spodnja-idrija/attrs',
    payload: (at) => `${seconds(at)}|pm10|${swing(31, 11, at, 0.2)}|pm25|${swing(20, 7, at, 0.2)}`,
  },
  {
    // LoRaWAN over The Things Stack, decoded there by the vendor's codec.
    topic: 'v3/idrija@ttn/devices/idrija-aq-crni-vrh/up',
    payload: (at) =>
      JSON.stringify({
        end_device_ids: { device_id: 'idrija-aq-crni-vrh', application_ids: { application_id: 'idrija' }, dev_eui: '70B3D57ED0050A01' },
        received_at: at.toString({ fractionalSecondDigits: 9 }),
        uplink_message: {
          f_port: 2,
          f_cnt: 7,
          decoded_payload: { pm10: swing(12, 5, at, 0.3), pm2_5: swing(8, 3, at, 0.3) },
          rx_metadata: [{ gateway_ids: { gateway_id: 'idrija-grad' }, rssi: -97, snr: 6.5 }],
          received_at: at.toString({ fractionalSecondDigits: 9 }),
        },
      }),
  },
  {
    // A Milesight EM500-UDL above the Nikova, over ChirpStack: battery 95 %, distance to the water in millimetres.
    topic: 'application/idrija/device/24e124713b000001/event/up',
    payload: (at) =>
      JSON.stringify({
        deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
        time: at.toString({ fractionalSecondDigits: 6 }).replace('Z', '+00:00'),
        deviceInfo: { applicationId: 'idrija', deviceName: 'nikova', devEui: '24e124713b000001' },
        fCnt: 12,
        fPort: 85,
        data: udlFrame(95, Math.round(swing(2450, 60, at, 0.4, 0))).toString('base64'),
        rxInfo: [{ gatewayId: '24e124fffef00001', rssi: -88, snr: 9 }],
      }),
  },
  {
    // Firmware of our own, by the contract in docs/firmware.md.
    topic: 'klavze/idrija-aq-godovic/up',
    payload: (at) =>
      JSON.stringify({
        observedAt: seconds(at),
        readings: { pm10: swing(9, 4, at, 0.5), o3: swing(70, 25, at, 0.7), co: swing(0.3, 0.1, at, 0.2, 2) },
      }),
  },
];

export interface Fleet {
  stop(): Promise<void>;
}

/** Publishes every sensor's message at once and then every `everyMs`. */
export async function startSensors(url: string, everyMs: number, now: () => Temporal.Instant): Promise<Fleet> {
  const client = await mqtt.connectAsync(url, { clientId: 'klavze-demo-sensors', reconnectPeriod: 1000 });
  const publishAll = (): void => {
    for (const sensor of sensors) client.publish(sensor.topic, sensor.payload(now()), { qos: 1 });
  };
  publishAll();
  const timer = setInterval(publishAll, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await client.endAsync(true);
    },
  };
}

function seconds(at: Temporal.Instant): string {
  return at.toString({ smallestUnit: 'second' });
}

/** Channel 01 type 75: battery in %; channel 03 type 82: distance in mm, uint16 little-endian. */
function udlFrame(battery: number, millimetres: number): Buffer {
  return Buffer.from([0x01, 0x75, battery, 0x03, 0x82, millimetres & 0xff, millimetres >> 8]);
}
