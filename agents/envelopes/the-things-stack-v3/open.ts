import { deviceIdFault, deviceInstant, frameUplink, isObject, readJson, refused, reject, type MqttMessage, type Opened } from '#core';

import { resultOf } from './command.ts';

type Json = Readonly<Record<string, unknown>>;

const topicForm = /^v3\/[^/]+\/devices\/([^/]+)\/(.+)$/;
/** A webhook posts with or without a path of its own for each kind. */
const pushForm = /^ingest\/the-things-stack-v3(?:\/(.*))?$/s;
/** Members that name what a message is (ApplicationUp, field `up`). */
const events = ['join_accept', 'location_solved', 'service_data', 'uplink_normalized'];

/**
 * ApplicationUp in JSON. Fields that are 0, "" or false are left out by the server, so a missing `f_port` is 0. Time is the network
 * server's (`uplink_message.received_at`). Simulated uplinks, joins, downlink reports and the like are events.
 */
export function open(message: MqttMessage): Opened {
  const pushed = pushForm.exec(message.topic);
  const [, named = '', kind = ''] = pushed === null ? (topicForm.exec(message.topic) ?? []) : ['', '', pushed[1] ?? 'up'];
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const up = unwrap(payload.value);
  const ids = isObject(up?.['end_device_ids']) ? up['end_device_ids'] : undefined;
  // What applications push down themselves (`down/push`, `down/replace`) is no ApplicationUp.
  if (ids === undefined && kind.startsWith('down/')) return { values: [], rejections: [], event: kind };
  if (up === undefined || ids === undefined) {
    return refused(
      reject(
        'decode',
        'missing_field',
        'the message has no end_device_ids; expected an ApplicationUp of The Things Stack v3',
        '/end_device_ids',
      ),
    );
  }
  const topicDevice = pushed === null ? named : ids['device_id'];
  const fault = deviceIdFault(topicDevice, `the topic ${message.topic}`, ids['device_id']);
  if (fault !== undefined || typeof topicDevice !== 'string') return refused(fault ?? noDevice);

  const event = [...Object.keys(up).filter((key) => key.startsWith('downlink_')), ...events].find((key) => up[key] !== undefined);
  if (event === 'join_accept') {
    const at = deviceInstant(up['received_at']) ?? message.receivedAt;
    const { dev_eui: eui } = ids;
    const report = { deviceId: topicDevice, ...(typeof eui === 'string' ? { alsoKnownAs: [eui] } : {}), at, online: true };
    return { values: [], rejections: [], event, reports: [report] };
  }
  if (event !== undefined) {
    const { dev_eui: eui } = ids;
    const at = deviceInstant(up['received_at']) ?? message.receivedAt;
    const result = resultOf(up, event, { deviceId: topicDevice, ...(typeof eui === 'string' ? { alsoKnownAs: [eui] } : {}), at });
    return { values: [], rejections: [], event, ...(result === undefined ? {} : { results: [result] }) };
  }
  const uplink = up['uplink_message'];
  if (!isObject(uplink)) {
    if (kind !== 'up') return { values: [], rejections: [], event: kind };
    return refused(reject('decode', 'missing_field', 'the message has no uplink_message', '/uplink_message'));
  }
  if (up['simulated'] === true) return { values: [], rejections: [], event: 'simulated' };
  const devEui = ids['dev_eui'];
  return frameUplink({
    deviceId: topicDevice,
    ...(typeof devEui === 'string' ? { alsoKnownAs: [devEui] } : {}),
    frame: [uplink['frm_payload'], '/uplink_message/frm_payload'],
    decoded: uplink['decoded_payload'],
    time:
      uplink['received_at'] === undefined ? [up['received_at'], '/received_at'] : [uplink['received_at'], '/uplink_message/received_at'],
    fPort: [uplink['f_port'], '/uplink_message/f_port'],
    gateways: uplink['rx_metadata'],
    arrivedAt: message.receivedAt,
  });
}

const noDevice = reject('decode', 'id_not_allowed', 'the message names no device', '/end_device_ids/device_id');

/** The storage integration wraps each message as `{"result": …}`. */
function unwrap(value: unknown): Json | undefined {
  if (!isObject(value)) return undefined;
  return isObject(value['result']) && value['end_device_ids'] === undefined ? value['result'] : value;
}
