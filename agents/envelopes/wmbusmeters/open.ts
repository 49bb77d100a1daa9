import { accepted, deviceIdFault, deviceInstant, isObject, readJson, refused, reject, type MqttMessage, type Opened } from '#core';

/**
 * A decoded telegram. The meter is named by `id`, a text whose leading zeros count; the last level of the topic and `name` are tried as
 * other ids of it. Time is `timestamp`, the receiver's clock. What is no telegram is an event.
 */
export function open(message: MqttMessage): Opened {
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const telegram = payload.value;
  if (!isObject(telegram)) return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected a telegram'));
  if (telegram['_'] !== undefined && telegram['_'] !== 'telegram') return { values: [], rejections: [], event: 'other' };
  const { id, timestamp, rssi_dbm: rssi } = telegram;
  const fault = deviceIdFault(id, 'the field id');
  if (fault !== undefined || typeof id !== 'string')
    return refused(fault ?? reject('decode', 'id_not_allowed', 'the id is no text', '/id'));
  const receivedAt = timestamp === undefined ? message.receivedAt : deviceInstant(timestamp);
  if (receivedAt === undefined) {
    const found = JSON.stringify(timestamp).slice(0, 80);
    return refused(reject('decode', 'invalid_time', `timestamp is ${found}; expected the receiver's clock in UTC`, '/timestamp'));
  }
  const names = [message.topic.split('/').at(-1), telegram['name']].filter((name) => typeof name === 'string' && name !== id) as string[];
  const alsoKnownAs = [...new Set(names)].filter((name) => deviceIdFault(name, '') === undefined);
  return accepted({
    deviceId: id,
    ...(alsoKnownAs.length === 0 ? {} : { alsoKnownAs }),
    receivedAt,
    defaultDecoder: 'wmbusmeters',
    body: { kind: 'json', value: telegram },
    ...(typeof rssi === 'number' ? { radio: { rssi } } : {}),
  });
}
