import { deviceIdFault, frameUplink, isObject, readJson, refused, reject, type MqttMessage, type Opened } from '#core';

/**
 * `cmd: "rx"` is an uplink; `gw` repeats it with the gateways that heard it, `tx`, `txd`, `join` and others tell of the network: events.
 * `data` is hexadecimal. Time is `ts`, the network server's clock in milliseconds.
 */
export function open(message: MqttMessage): Opened {
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const up = payload.value;
  if (!isObject(up) || typeof up['cmd'] !== 'string') {
    return refused(reject('decode', 'missing_field', 'the message has no cmd; expected a message of LORIOT', '/cmd'));
  }
  const fault = deviceIdFault(up['EUI'], 'EUI');
  if (up['cmd'] !== 'rx') return { values: [], rejections: [], event: up['cmd'].slice(0, 40) || 'unnamed' };
  if (fault !== undefined) return refused({ ...fault, pointer: '/EUI' });
  return frameUplink({
    deviceId: String(up['EUI']).toLowerCase(),
    frame: [up['data'], '/data'],
    encoding: 'hex',
    decoded: up['decoded'],
    time: [up['ts'], '/ts'],
    fPort: [up['port'], '/port'],
    gateways: Array.isArray(up['gws']) ? up['gws'] : [up],
    arrivedAt: message.receivedAt,
  });
}
