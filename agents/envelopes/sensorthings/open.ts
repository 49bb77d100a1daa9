import { deviceIdFault, isObject, readJson, refused, reject, type MqttMessage, type Opened, type Outcome, type Uplink } from '#core';

type Json = Readonly<Record<string, unknown>>;

const topicForm = /^v1\.[01]\/(?:(?:Multi)?Datastreams\((.*)\)|[^/]*)(?:\/Observations)?$/s;

/**
 * An Observation belongs to the Datastream of the topic, else to the one that it names itself; the device id is `datastream-<id>`. What an
 * expanded Datastream says of quantity and unit goes along. A Thing that is made with its Datastreams brings the Observations in them.
 */
export function open(message: MqttMessage): Opened {
  const payload = readJson(message.payload);
  const inTopic = topicForm.exec(message.topic)?.[1];
  if (!payload.ok) return refused(payload.error);
  if (!isObject(payload.value))
    return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected an Observation'));
  const streams = payload.value['Datastreams'];
  if (message.topic.endsWith('/Things')) return openThing(Array.isArray(streams) ? (streams as unknown[]).filter(isObject) : [], message);
  const stream = [payload.value['Datastream'], payload.value['MultiDatastream']].find(isObject);
  return openStream(inTopic?.replace(/^'(.*)'$/, '$1') ?? stream?.['@iot.id'], stream ?? {}, [payload.value], message);
}

function openThing(streams: readonly Json[], message: MqttMessage): Opened {
  const outcome: Outcome<Uplink> = { values: [], rejections: [] };
  for (const stream of streams) {
    const { Observations: observations, name } = stream;
    if (!Array.isArray(observations) || observations.length === 0) continue;
    const id = stream['@iot.id'] ?? (typeof name === 'string' ? name.replaceAll(' ', '-') : undefined);
    const opened = openStream(id, stream, observations as unknown[], message);
    outcome.values.push(...opened.values);
    outcome.rejections.push(...opened.rejections);
  }
  return outcome.values.length + outcome.rejections.length === 0 ? { ...outcome, event: 'thing' } : outcome;
}

function openStream(id: unknown, stream: Json, observations: readonly unknown[], message: MqttMessage): Outcome<Uplink> {
  const fault = deviceIdFault(typeof id === 'number' ? String(id) : id, `the topic ${message.topic} or the Datastream of the Observation`);
  if (fault !== undefined) return refused(fault);
  const { ObservedProperty: property, unitOfMeasurement: unit } = stream;
  const name = isObject(property) ? property['name'] : undefined;
  const symbol = isObject(unit) ? [unit['symbol'], unit['name']].find((text) => typeof text === 'string' && text !== '') : undefined;
  const value = {
    observations,
    ...(typeof name === 'string' ? { property: name } : {}),
    ...(typeof symbol === 'string' ? { unit: symbol } : {}),
  };
  const body = { kind: 'json', value } as const;
  return {
    values: [{ deviceId: `datastream-${String(id)}`, receivedAt: message.receivedAt, defaultDecoder: 'sensorthings', body }],
    rejections: [],
  };
}
