import {
  deviceIdFault,
  frameUplink,
  isObject,
  parseJson,
  readJson,
  refused,
  reject,
  type MqttMessage,
  type Outcome,
  type Uplink,
} from '#core';

import { devEuiOf, timeOf } from './dialects.ts';

const topicForm = /^application\/[^/]+\/device\/([^/]*)\/event\/([a-z]+)$/;

/**
 * Event `up` is a transmission, every other one (join, status, ack, txack, log, location, integration, error) an event. Fields that are 0,
 * "" or false are left out. Time is the server's `time`, in version 3 a gateway's, where there is one.
 */
export function open(message: MqttMessage): Outcome<Uplink> & { readonly event?: string } {
  const [, topicEui = '', event] = topicForm.exec(message.topic) ?? [];
  if (event === undefined) return refused(reject('decode', 'unknown_topic', `the topic ${message.topic} ends in no event of ChirpStack`));
  if (event !== 'up') {
    const fault = deviceIdFault(topicEui, `the topic ${message.topic}`);
    return fault === undefined ? { values: [], rejections: [], event } : refused(fault);
  }
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const up = payload.value;
  if (!isObject(up))
    return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected an UplinkEvent of ChirpStack'));
  const fault = deviceIdFault(topicEui, `the topic ${message.topic}`, devEuiOf(up));
  if (fault !== undefined) return refused(fault);

  return frameUplink({
    deviceId: topicEui.toLowerCase(),
    frame: [up['data'], '/data'],
    decoded: decodedOf(up),
    time: [timeOf(up), '/time'],
    fPort: [up['fPort'], '/fPort'],
    gateways: up['rxInfo'],
    arrivedAt: message.receivedAt,
  });
}

/** `object` in version 4, `objectJSON` (a text) in version 3. */
function decodedOf(up: Readonly<Record<string, unknown>>): unknown {
  if (up['object'] !== undefined) return up['object'];
  const text = up['objectJSON'];
  if (typeof text !== 'string' || text === '') return undefined;
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : undefined;
}
