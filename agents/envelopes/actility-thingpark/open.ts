import { deviceIdFault, frameUplink, isObject, plainNumber, readJson, refused, reject, type MqttMessage, type Opened } from '#core';

const topicForm = /^mqtt\/things\/([^/]*)\/uplink$/;

/**
 * `DevEUI_uplink` is an uplink; other members (`DevEUI_downlink_Sent`, `DevEUI_location`, `DevEUI_notification` …) are events.
 * `payload_hex` is hexadecimal, numbers are often texts. Time is `Time`, the network server's, with offset.
 */
export function open(message: MqttMessage): Opened {
  const payload = readJson(message.payload);
  if (!payload.ok) return refused({ ...payload.error, message: `${payload.error.message}; ThingPark must send JSON, not XML` });
  const up = isObject(payload.value) ? payload.value['DevEUI_uplink'] : undefined;
  const other = isObject(payload.value) ? Object.keys(payload.value).find((key) => /^DevEUI_\w{1,60}$/.test(key)) : undefined;
  if (up === undefined && other !== undefined) return { values: [], rejections: [], event: other };
  const topicEui = topicForm.exec(message.topic)?.[1];
  if (!isObject(up)) {
    const fault = topicEui === undefined ? undefined : deviceIdFault(topicEui, `the topic ${message.topic}`);
    const expected = 'the message has no DevEUI_uplink; expected one of Actility ThingPark in JSON';
    return refused(fault ?? reject('decode', 'missing_field', expected, '/DevEUI_uplink'));
  }
  const fault =
    topicEui === undefined ? deviceIdFault(up['DevEUI'], 'DevEUI') : deviceIdFault(topicEui, `the topic ${message.topic}`, up['DevEUI']);
  if (fault !== undefined) return refused(fault);
  const gateways = isObject(up['Lrrs']) ? up['Lrrs']['Lrr'] : undefined;
  return frameUplink({
    deviceId: (topicEui ?? String(up['DevEUI'])).toLowerCase(),
    frame: [up['payload_hex'], '/DevEUI_uplink/payload_hex'],
    encoding: 'hex',
    decoded: up['payload'],
    time: [up['Time'], '/DevEUI_uplink/Time'],
    fPort: [plainNumber(up['FPort']), '/DevEUI_uplink/FPort'],
    gateways: [up, ...(Array.isArray(gateways) ? (gateways as unknown[]) : [])].map(radioOf),
    arrivedAt: message.receivedAt,
  });
}

function radioOf(gateway: unknown): unknown {
  return isObject(gateway) ? { rssi: plainNumber(gateway['LrrRSSI']), snr: plainNumber(gateway['LrrSNR']) } : undefined;
}
