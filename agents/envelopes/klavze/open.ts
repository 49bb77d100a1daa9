import {
  accepted,
  deviceIdFault,
  isObject,
  looksLikeSenml,
  readJson,
  refused,
  reject,
  type MqttMessage,
  type Outcome,
  type Uplink,
} from '#core';

/**
 * `klavze/<deviceId>/up`: JSON, an object or an array of them, or a SenML pack. `klavze/<deviceId>/status`: last will and greetings,
 * an event. A `deviceId` in the payload must be the topic's.
 */
export function open(message: MqttMessage): Outcome<Uplink> & { readonly event?: string } {
  const [, deviceId = '', channel] = message.topic.split('/');
  const fault = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  if (channel === 'status') return { values: [], rejections: [], event: 'status' };
  if (channel !== 'up')
    return refused(reject('decode', 'unknown_topic', `the topic ${message.topic} is none of klavze/<deviceId>/up, …/status`));

  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const senml = looksLikeSenml(payload.value);
  for (const state of senml ? [] : Array.isArray(payload.value) ? (payload.value as unknown[]) : [payload.value]) {
    const stranger = isObject(state) ? deviceIdFault(deviceId, 'the topic', state['deviceId']) : undefined;
    if (stranger !== undefined) return refused(stranger);
  }
  return accepted({
    deviceId,
    receivedAt: message.receivedAt,
    defaultDecoder: senml ? 'senml' : 'json',
    body: { kind: 'json', value: payload.value },
  });
}
