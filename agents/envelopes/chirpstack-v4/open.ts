import {
  deviceIdFault,
  deviceInstant,
  frameUplink,
  isObject,
  parseJson,
  readJson,
  refused,
  reject,
  type MqttMessage,
  type Opened,
  type Uplink,
} from '#core';

import { resultOf } from './command.ts';
import { devEuiOf, timeOf } from './dialects.ts';

/** Version 3 had topics without `event` for a time, with `rx` for an uplink. */
const topicForm = /^application\/[^/]+\/device\/([^/]*)\/(?:event\/)?([a-z]+)$/;
/** The HTTP integration names the event in the query, which the server puts into the path. */
const pushForm = /^ingest\/chirpstack-v4(?:\/([a-z]+))?$/;

/**
 * Event `up` is a transmission, every other one (join, status, ack, txack, log, location, integration, error) an event. Fields that are 0,
 * "" or false are left out. Time is the server's `time`, in version 3 a gateway's, where there is one.
 */
export function open(message: MqttMessage): Opened {
  const pushed = pushForm.exec(message.topic);
  const [, topicEui, named] = pushed === null ? (topicForm.exec(message.topic) ?? []) : ['', undefined, pushed[1] ?? 'up'];
  if (named === undefined) return refused(reject('decode', 'unknown_topic', `the topic ${message.topic} ends in no event of ChirpStack`));
  const event = named === 'rx' ? 'up' : named;
  const payload = readJson(message.payload);
  const up = payload.ok ? payload.value : undefined;
  const devEui = isObject(up) ? devEuiOf(up) : undefined;
  const fault = deviceIdFault(topicEui ?? devEui, `the topic ${message.topic}`, ...(event === 'up' ? [devEui] : []));
  if (event !== 'up') {
    if (fault !== undefined && topicEui !== undefined) return refused(fault);
    const deviceId = String(topicEui ?? devEui).toLowerCase();
    const battery = event === 'status' && isObject(up) && fault === undefined ? batteryOf(up) : undefined;
    const at = (isObject(up) ? deviceInstant(timeOf(up)) : undefined) ?? message.receivedAt;
    const values = battery === undefined ? [] : [{ deviceId, receivedAt: at, ...battery }];
    const result = fault === undefined ? resultOf(event, up, { deviceId, at }) : undefined;
    if (result !== undefined) return { values, rejections: [], event, results: [result] };
    if (values.length > 0 || fault !== undefined || (event !== 'join' && event !== 'status')) return { values, rejections: [], event };
    return { values, rejections: [], event, reports: [{ deviceId, at, online: true }] };
  }
  if (!payload.ok)
    return refused({ ...payload.error, message: `${payload.error.message}; ChirpStack must send JSON (marshaler = "json")` });
  if (!isObject(up))
    return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected an UplinkEvent of ChirpStack'));
  if (fault !== undefined) return refused(fault);

  return frameUplink({
    deviceId: String(topicEui ?? devEui).toLowerCase(),
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

/** What the network asked the device: its battery, unless it cannot tell or hangs on the mains. */
function batteryOf(status: Readonly<Record<string, unknown>>): Omit<Uplink, 'deviceId' | 'receivedAt'> | undefined {
  const { batteryLevel: battery, batteryLevelUnavailable, externalPowerSource } = status;
  if (typeof battery !== 'number' || battery < 0 || batteryLevelUnavailable === true || externalPowerSource === true) return undefined;
  return { defaultDecoder: 'decoded-payload', isOfNetwork: true, body: { kind: 'json', value: { battery } } };
}
