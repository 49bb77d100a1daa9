import { accepted, commandResult, deviceIdFault, readText, refused, type MqttMessage, type Opened } from '#core';

const topicForm = /^\/?ul\/[^/]+\/([^/]+)\/(?:attrs(?:\/([^/]+))?|cmdexe)$/;

/** `/ul/<apikey>/<deviceId>/attrs` with groups of `name|value`, `…/attrs/<name>` with the value alone. */
export function open(message: MqttMessage): Opened {
  const [, deviceId = '', name] = topicForm.exec(message.topic) ?? [];
  const fault = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  const text = readText(message.payload);
  if (!text.ok) return refused(text.error);
  if (message.topic.endsWith('/cmdexe')) return commandResult({ deviceId, receivedAt: message.receivedAt }, text.value);
  return accepted({
    deviceId,
    receivedAt: message.receivedAt,
    defaultDecoder: 'ultralight',
    body: { kind: 'text', text: name === undefined ? text.value : `${name}|${text.value.trim()}` },
  });
}
