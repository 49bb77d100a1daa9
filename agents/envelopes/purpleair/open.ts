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
 * The answer of `GET /v1/sensors/<index>`: the members of `sensor`, or these alone. The topic names the sensor; where it does not
 * (`/ingest/purpleair`), its `sensor_index` does. Time is `last_seen`, when the sensor reported.
 */
export function open(message: MqttMessage): Outcome<Uplink> {
  const named = /^(?:ingest\/)?purpleair\/(.*)$/s.exec(message.topic)?.[1];
  const payload = readJson(message.payload);
  const answer = payload.ok && isObject(payload.value) ? payload.value : {};
  const sensor = isObject(answer['sensor']) ? answer['sensor'] : answer;
  const index = typeof sensor['sensor_index'] === 'number' ? String(sensor['sensor_index']) : undefined;
  const deviceId = named ?? index;
  const fault = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined || deviceId === undefined)
    return refused(fault ?? reject('decode', 'id_not_allowed', 'the message names no sensor'));
  if (!payload.ok) return refused(payload.error);
  if (!isObject(payload.value))
    return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected a PurpleAir sensor'));
  const seen = sensor['last_seen'];
  const receivedAt = seen === undefined ? message.receivedAt : deviceInstant(seen);
  if (receivedAt === undefined) {
    return refused(
      reject('decode', 'invalid_time', `last_seen is ${JSON.stringify(seen).slice(0, 80)}; expected Unix time`, '/sensor/last_seen'),
    );
  }
  return accepted({
    deviceId,
    ...(index === undefined || index === deviceId ? {} : { alsoKnownAs: [index] }),
    receivedAt,
    defaultDecoder: 'purpleair',
    body: { kind: 'json', value: sensor },
  });
}
