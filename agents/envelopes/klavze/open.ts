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

const pushForm = /^ingest\/klavze(?:\/(.*))?$/s;

/**
 * `klavze/<deviceId>/up`: JSON, an object or an array of them, or a SenML pack. `klavze/<deviceId>/status`: last will and greetings,
 * an event. A `deviceId` in the payload must be the topic's.
 */
export function open(message: MqttMessage): Outcome<Uplink> & { readonly event?: string } {
  const pushed = pushForm.exec(message.topic);
  if (pushed !== null) return openUp(message, pushed[1]);
  const [, deviceId = '', channel] = message.topic.split('/');
  const fault = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  if (channel === 'status') return { values: [], rejections: [], event: 'status' };
  if (channel !== 'up')
    return refused(reject('decode', 'unknown_topic', `the topic ${message.topic} is none of klavze/<deviceId>/up, …/status`));
  return openUp(message, deviceId);
}

/** The message of a device that the topic names, or itself where something was posted without a name in the path. */
function openUp(message: MqttMessage, named: string | undefined): Outcome<Uplink> {
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const deviceId = named ?? (isObject(payload.value) ? payload.value['deviceId'] : undefined);
  const fault = deviceIdFault(deviceId, named === undefined ? 'the message' : `the topic ${message.topic}`);
  if (fault !== undefined || typeof deviceId !== 'string') return refused(fault ?? reject('decode', 'id_not_allowed', 'the id is no text'));
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
