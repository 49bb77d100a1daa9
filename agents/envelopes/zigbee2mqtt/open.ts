import { accepted, deviceIdFault, isObject, parseJson, readText, refused, type MqttMessage, type Opened, type Uplink } from '#core';

/**
 * `zigbee2mqtt/<friendly name>`: the state of a device, an object. The name may contain `/`, which becomes `.` in the device id.
 * `bridge/…`, `…/availability`, `…/set` and `…/get` are events. With attribute output each value has a topic of its own.
 */
export function open(message: MqttMessage): Opened {
  const levels = message.topic.split('/').slice(1);
  const last = levels.length > 1 ? levels.at(-1) : undefined;
  if (levels[0] === 'bridge') return event('bridge');
  if (last === 'set' || last === 'get' || levels.at(-2) === 'set' || levels.at(-2) === 'get') return event('command');
  const fault = deviceIdFault(levels.join('.'), `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  if (message.payload.length === 0) return event('removed');

  const text = readText(message.payload);
  if (!text.ok) return refused(text.error);
  if (last === 'availability') return event(/^\s*(?:online|\{.*"state"\s*:\s*"online")/s.test(text.value) ? 'online' : 'offline');
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

function event(name: string): Opened {
  return { values: [], rejections: [], event: name };
}
