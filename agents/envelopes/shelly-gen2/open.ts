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

import { openAnswer } from './command.ts';
import { channelsOf, measuring } from './channels.ts';

const topicForm = /^([^/]*)\/(?:(events\/rpc)|status\/([^/]+)|(online))$/;

/**
 * `<id>/events/rpc`: the members of `params` (`NotifyStatus`, `NotifyFullStatus`) are components; `<id>/status/<component>` is one of
 * them alone; `<id>/online` is the last will. A whole answer of `Shelly.GetStatus` is read as well.
 */
export function open(message: MqttMessage): Opened {
  const answered = /^klavze\/([^/]+)\/rpc$/.exec(message.topic)?.[1];
  if (answered !== undefined) return openAnswer(answered, message);
  const [, deviceId = '', isRpc, component = '', isOnline] = topicForm.exec(message.topic) ?? [];
  // The filters are broad: what is none of Shelly's measuring components is not even read.
  if (isRpc === undefined && isOnline === undefined && !measuring.test(component)) return event('status');
  const fault = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  const at = message.receivedAt;
  if (isOnline !== undefined) {
    const online = Buffer.from(message.payload).toString().trim() === 'true';
    return event(online ? 'online' : 'offline', { deviceId, at, online, withParts: true });
  }
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  if (!isObject(payload.value)) {
    return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected the status of a Shelly device'));
  }
  const { method } = payload.value;
  if (isRpc !== undefined && typeof method === 'string' && !/^Notify(?:Full)?Status$/.test(method)) return event('NotifyEvent');
  const status = isRpc === undefined ? { [component]: payload.value } : statusOf(payload.value);
  if (status === undefined) {
    return refused(reject('decode', 'missing_field', 'the message has no params; expected a notification of a Shelly device', '/params'));
  }
  const outcome: Outcome<Uplink> = { values: [], rejections: [] };
  for (const [channel, components] of channelsOf(status)) {
    outcome.values.push({
      deviceId: channel === '' ? deviceId : `${deviceId}.${channel}`,
      receivedAt: message.receivedAt,
      defaultDecoder: 'shelly-gen2',
      body: { kind: 'json', value: { ...components, id: deviceId } },
    });
  }
  const { shelly, result } = payload.value;
  const info = isObject(shelly) ? shelly : result;
  const versions = isRpc !== undefined && isObject(info) ? versionsOf(info, { firmwareVersion: 'ver' }) : undefined;
  const report = versions === undefined ? undefined : { deviceId, at, withParts: true as const, ...versions };
  if (outcome.values.length === 0) return event('status', report);
  return report === undefined ? outcome : { ...outcome, reports: [report] };
}

function statusOf(notification: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  return [notification['params'], notification['result'], notification['status']].find(isObject);
}

function event(name: string, report?: DeviceReport): Opened {
  return { values: [], rejections: [], event: name, ...(report === undefined ? {} : { reports: [report] }) };
}
