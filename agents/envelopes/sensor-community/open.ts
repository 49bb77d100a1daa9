import {
  accepted,
  deviceIdFault,
  isObject,
  readJson,
  refused,
  reject,
  versionsOf,
  type MqttMessage,
  type Opened,
  type Uplink,
} from '#core';

const topicForm = /^(?:ingest\/)?sensor-community\/(.*)$/s;
const idFields = ['esp8266id', 'esp32id', 'raspiid', 'sensor'];

/**
 * `sensordatavalues`: names and texts. The sensor is named by the path, by the header `X-Sensor` (which the server puts into the path), or
 * by `esp8266id` in the message. There is no time: the arrival counts.
 */
export function open(message: MqttMessage): Opened {
  const inTopic = topicForm.exec(message.topic)?.[1];
  const fault = inTopic === undefined ? undefined : deviceIdFault(inTopic, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const push = payload.value;
  if (!isObject(push) || !Array.isArray(push['sensordatavalues'])) {
    const expected = 'the message has no list of sensordatavalues; expected a push of sensor.community';
    return refused(reject('decode', 'missing_field', expected, '/sensordatavalues'));
  }
  const field = idFields.map((name) => push[name]).find((value) => value !== undefined);
  const id = inTopic ?? (typeof field === 'number' ? String(field) : field);
  const refusal = deviceIdFault(id, 'the message');
  if (refusal !== undefined || typeof id !== 'string') return refused(refusal ?? reject('decode', 'id_not_allowed', 'the id is no text'));
  const ids = {
    deviceId: id,
    ...(typeof field === 'string' && field !== id && deviceIdFault(field, '') === undefined ? { alsoKnownAs: [field] } : {}),
  };
  const versions = versionsOf(push, { softwareVersion: 'software_version' });
  const opened = accepted<Uplink>({
    ...ids,
    receivedAt: message.receivedAt,
    defaultDecoder: 'sensor-community',
    body: { kind: 'json', value: push['sensordatavalues'] },
  });
  return versions === undefined ? opened : { ...opened, reports: [{ ...ids, at: message.receivedAt, ...versions }] };
}
