import {
  deviceIdFault,
  isObject,
  readJson,
  refused,
  reject,
  versionsOf,
  type DeviceReport,
  type MqttMessage,
  type Opened,
  type Outcome,
  type Uplink,
} from '#core';

import { resultsOf } from './command.ts';
import { sensorsOf } from './sensors.ts';

const topicForms = [/^(?:tele|stat)\/([^/]*(?:\/[^/]*)?)\/([^/]*)$/, /^([^/]*(?:\/[^/]*)?)\/(?:tele|stat)\/([^/]*)$/];
/** Kinds of message that are told apart in the figures. */
const knownEvent = /^(?:STATE|RESULT|UPTIME|HASS_STATE|LOGGING|INFO\d|POWER\d?|STATUS\d{0,2})$/;

/**
 * `tele/<topic>/SENSOR` and the answer `stat/<topic>/STATUS8` (or `STATUS10`, `STATUS0`) hold the sensors; the topic may stand before the
 * prefix, and have two levels, which are apart by `.` in the device id. `STATE` tells of the device itself, of which the radio is read;
 * `LWT` is the last will; `INFO1` (after a start) and `STATUS2` name the firmware. Everything else is an event.
 */
export function open(message: MqttMessage): Opened {
  const [, levels = '', kind = ''] = topicForms.map((form) => form.exec(message.topic)).find((match) => match !== null) ?? [];
  const topic = levels.replace('/', '.');
  if (kind === 'LWT') return lastWill(topic, message);
  if (kind === 'INFO1' || kind === 'STATUS2') return versions(topic, kind, message);
  if (kind === 'RESULT') return { ...event(kind), results: resultsOf(topic, message) };
  const isSensors = /^(?:SENSOR|STATUS(?:0|8|10))$/.test(kind);
  const isState = kind === 'STATE' || kind === 'STATUS11';
  if (!isSensors && !isState) return event(knownEvent.test(kind) ? kind : 'other');

  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  if (!isObject(payload.value))
    return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected one of Tasmota'));
  const value = payload.value['StatusSNS'] ?? payload.value['StatusSTS'] ?? payload.value;
  if (!isObject(value) || (kind === 'STATUS0' && value === payload.value)) return event(kind);
  const uplink = { receivedAt: message.receivedAt, defaultDecoder: 'tasmota' };
  const fault = deviceIdFault(topic, `the topic ${message.topic}`);
  const devices = isState ? new Map<string, unknown>() : sensorsOf(value);
  if (!isState && devices.size === 0) return event('state');
  if (fault !== undefined) return refused(fault);
  if (isState) {
    const { Time, Wifi } = value;
    if (!isObject(Wifi) || Wifi['Signal'] === undefined) return event('STATE');
    const body = { kind: 'json', value: { ...(Time === undefined ? {} : { Time }), Wifi } } as const;
    return { values: [{ ...uplink, deviceId: topic, isOfNetwork: true, body }], rejections: [], event: 'STATE' };
  }
  const outcome: Outcome<Uplink> = { values: [], rejections: [] };
  for (const [suffix, sensors] of devices) {
    // A Zigbee bridge may put its devices into the topic already.
    const deviceId = suffix === '' || topic.endsWith(`.${suffix}`) ? topic : `${topic}.${suffix}`;
    const refusal = deviceIdFault(deviceId, `the sensor "${suffix}" of ${message.topic}`);
    if (refusal !== undefined) outcome.rejections.push(refusal);
    else outcome.values.push({ ...uplink, deviceId, body: { kind: 'json', value: sensors } });
  }
  return outcome;
}

function lastWill(deviceId: string, { payload, receivedAt }: MqttMessage): Opened {
  const online = Buffer.from(payload).toString().trim() === 'Online';
  return event(online ? 'online' : 'offline', { deviceId, at: receivedAt, online, withParts: true });
}

function versions(deviceId: string, kind: string, { payload, receivedAt }: MqttMessage): Opened {
  const read = readJson(payload);
  const value = read.ok && isObject(read.value) ? (read.value['Info1'] ?? read.value['StatusFWR'] ?? read.value) : undefined;
  const found = isObject(value) ? versionsOf(value, { firmwareVersion: 'Version' }) : undefined;
  return found === undefined ? event(kind) : event(kind, { deviceId, at: receivedAt, withParts: true, ...found });
}

function event(name: string, report?: DeviceReport): Opened {
  return { values: [], rejections: [], event: name, ...(report === undefined ? {} : { reports: [report] }) };
}
