import {
  accepted,
  deviceIdFault,
  deviceInstant,
  isObject,
  readJson,
  refused,
  reject,
  type MqttMessage,
  type Outcome,
  type Uplink,
} from '#core';

/**
 * `airgradient/readings/<serial>`: one object without a time; what the maker's cloud forwards has a `timestamp`. `serialno` in the payload
 * must be the topic's.
 */
export function open(message: MqttMessage): Outcome<Uplink> {
  const serial = message.topic.split('/').at(-1) ?? '';
  const fault = deviceIdFault(serial, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  if (!isObject(payload.value)) {
    return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected the measures of an AirGradient monitor'));
  }
  const stranger = deviceIdFault(serial, 'the topic', payload.value['serialno']);
  if (stranger !== undefined) return refused(stranger);
  const { timestamp } = payload.value;
  const receivedAt = timestamp === undefined || timestamp === null ? message.receivedAt : deviceInstant(timestamp);
  if (receivedAt === undefined) {
    const found = JSON.stringify(timestamp).slice(0, 80);
    return refused(reject('decode', 'invalid_time', `timestamp is ${found}; expected ISO 8601 with Z or offset`, '/timestamp'));
  }
  return accepted({
    deviceId: serial.toLowerCase(),
    receivedAt,
    defaultDecoder: 'airgradient',
    body: { kind: 'json', value: payload.value },
  });
}
