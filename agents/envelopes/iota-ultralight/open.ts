import { accepted, deviceIdFault, readText, refused, type MqttMessage, type Outcome, type Uplink } from '#core';

const topicForm = /^\/?ul\/[^/]+\/([^/]+)\/attrs(?:\/([^/]+))?$/;

/** `/ul/<apikey>/<deviceId>/attrs` with groups of `name|value`, `…/attrs/<name>` with the value alone. */
export function open(message: MqttMessage): Outcome<Uplink> {
  const [, deviceId = '', name] = topicForm.exec(message.topic) ?? [];
  const fault = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  const text = readText(message.payload);
  if (!text.ok) return refused(text.error);
  return accepted({
    deviceId,
    receivedAt: message.receivedAt,
    defaultDecoder: 'ultralight',
    body: { kind: 'text', text: name === undefined ? text.value : `${name}|${text.value.trim()}` },
  });
}
