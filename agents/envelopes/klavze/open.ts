import {
  accepted,
  commandResult,
  deviceIdFault,
  isObject,
  looksLikeSenml,
  readJson,
  readText,
  refused,
  reject,
  versionsOf,
  type MqttMessage,
  type Opened,
  type Outcome,
  type Uplink,
} from '#core';

const pushForm = /^ingest\/klavze(?:\/(.*))?$/s;

/**
 * `klavze/<deviceId>/up`: JSON, an object or an array of them, or a SenML pack. `klavze/<deviceId>/status`: last will and
 * greetings, an event that says whether the device is there, its versions and its battery. A `deviceId` in the payload must be the topic's.
 */
export function open(message: MqttMessage): Opened {
  const pushed = pushForm.exec(message.topic);
  if (pushed !== null) return openUp(message, pushed[1]);
  const [, deviceId = '', channel] = message.topic.split('/');
  const fault = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  if (channel === 'status') return openStatus(message, deviceId);
  if (channel === 'cmdexe') {
    const text = readText(message.payload);
    return text.ok ? commandResult({ deviceId, receivedAt: message.receivedAt }, text.value) : refused(text.error);
  }
  if (channel !== 'up')
    return refused(reject('decode', 'unknown_topic', `the topic ${message.topic} is none of klavze/<deviceId>/up, …/status, …/cmdexe`));
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

const versionNames = { firmwareVersion: 'firmwareVersion', softwareVersion: 'softwareVersion', hardwareVersion: 'hardwareVersion' };
const ownQuantities = ['batteryLevel', 'batteryVoltage', 'rssi', 'snr'];

/** An object with `online`, or one word. What cannot be read is still a status: a last will is written once and never seen by its author. */
function openStatus(message: MqttMessage, deviceId: string): Opened {
  const text = Buffer.from(message.payload).toString().trim();
  const payload = readJson(message.payload);
  const status = payload.ok && isObject(payload.value) ? payload.value : { online: text.toLowerCase() };
  const { online: said } = status;
  const online =
    said === true || said === 'true' || said === 'online'
      ? true
      : said === false || said === 'false' || said === 'offline'
        ? false
        : undefined;
  const versions = versionsOf(status, versionNames);
  const own = Object.fromEntries(Object.entries(status).filter(([name]) => ownQuantities.includes(name)));
  const report = { deviceId, at: message.receivedAt, ...(online === undefined ? {} : { online }), ...versions };
  const body = { kind: 'json', value: own } as const;
  const uplink: Uplink = { deviceId, receivedAt: message.receivedAt, defaultDecoder: 'json', isOfNetwork: true, body };
  return {
    values: online === false || Object.keys(own).length === 0 ? [] : [uplink],
    rejections: [],
    event: 'status',
    ...(online === undefined && versions === undefined ? {} : { reports: [report] }),
  };
}
