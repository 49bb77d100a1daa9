import {
  accepted,
  deviceIdFault,
  isObject,
  parseJson,
  readJson,
  readText,
  refused,
  versionsOf,
  type DeviceReport,
  type MqttMessage,
  type Opened,
  type Uplink,
} from '#core';

/**
 * `zigbee2mqtt/<friendly name>`: the state of a device, an object. The name may contain `/`, which becomes `.` in the device id.
 * `…/availability` says whether it is there, `bridge/devices` which firmware
 * it has; these, the rest of `bridge/…`, `…/set` and `…/get` are events. With attribute output each value has a topic of its own.
 */
export function open(message: MqttMessage): Opened {
  const levels = message.topic.split('/').slice(1);
  const last = levels.length > 1 ? levels.at(-1) : undefined;
  if (levels[0] === 'bridge') return { ...event('bridge'), reports: levels[1] === 'devices' ? versions(message) : [] };
  if (last === 'set' || last === 'get' || levels.at(-2) === 'set' || levels.at(-2) === 'get') return event('command');
  const fault = deviceIdFault(levels.join('.'), `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  if (message.payload.length === 0) return event('removed');

  const text = readText(message.payload);
  if (!text.ok) return refused(text.error);
  if (last === 'availability') {
    const online = /^\s*(?:online|\{.*"state"\s*:\s*"online")/s.test(text.value);
    const report = { deviceId: levels.slice(0, -1).join('.'), at: message.receivedAt, online };
    return { ...event(online ? 'online' : 'offline'), reports: [report] };
  }
  const payload = parseJson(text.value);
  if (payload.ok && isObject(payload.value)) return accepted(uplinkOf(levels.join('.'), payload.value, message));
  const isAttribute = last !== undefined && !/^\s*[[{]/.test(text.value);
  if (!isAttribute) return refused(payload.ok ? { ...noObject, stage: 'decode' } : payload.error);
  return payload.ok && last !== ''
    ? accepted(uplinkOf(levels.slice(0, -1).join('.'), { [last]: payload.value }, message))
    : event('attribute');
}

const noObject = { code: 'malformed_payload', message: 'the message is no JSON object; expected the state of a Zigbee device' } as const;

function uplinkOf(deviceId: string, state: Readonly<Record<string, unknown>>, message: MqttMessage): Uplink {
  const ieee = isObject(state['device']) ? state['device']['ieeeAddr'] : undefined;
  return {
    deviceId,
    ...(typeof ieee === 'string' ? { alsoKnownAs: [ieee] } : {}),
    receivedAt: message.receivedAt,
    defaultDecoder: 'zigbee2mqtt',
    body: { kind: 'json', value: state },
  };
}

/** `bridge/devices` lists all devices, with the versions of those that told them. */
function versions({ payload, receivedAt: at }: MqttMessage): DeviceReport[] {
  const read = readJson(payload);
  return (read.ok && Array.isArray(read.value) ? (read.value as unknown[]) : []).flatMap((device) => {
    if (!isObject(device) || typeof device['friendly_name'] !== 'string') return [];
    const found = versionsOf(device, { firmwareVersion: 'software_build_id' });
    const { friendly_name: name, ieee_address: ieee } = device;
    const ids = { deviceId: name.replaceAll('/', '.'), ...(typeof ieee === 'string' ? { alsoKnownAs: [ieee] } : {}) };
    return found === undefined ? [] : [{ ...ids, at, ...found }];
  });
}

function event(name: string): Opened {
  return { values: [], rejections: [], event: name };
}
