import {
  accepted,
  commandResult,
  deviceIdFault,
  looksLikeSenml,
  parseJson,
  readText,
  refused,
  reject,
  type MqttMessage,
  type Opened,
} from '#core';

const topicForm = /^\/?(json\/)?([^/]+)\/([^/]+)\/(?:attrs(?:\/([^/]+))?|cmdexe)$/;

/** The parts of a topic; there are about as many as devices, and each comes again and again. */
const topics = new Map<string, { readonly protocol: string | undefined; readonly deviceId: string; readonly name: string | undefined }>();
const mostTopics = 20_000;

function partsOf(topic: string) {
  let parts = topics.get(topic);
  if (parts === undefined) {
    const [, protocol, , deviceId = '', name] = topicForm.exec(topic) ?? [];
    if (topics.size >= mostTopics) topics.clear();
    topics.set(topic, (parts = { protocol, deviceId, name }));
  }
  return parts;
}

/**
 * `/json/<apikey>/<deviceId>/attrs` and `…/attrs/<name>`, also without the first slash and without `json`. On the short topics, which
 * the UltraLight agent shares, a payload that is no JSON but holds `|` is UltraLight.
 */
export function open(message: MqttMessage): Opened {
  const { protocol, deviceId, name } = partsOf(message.topic);
  const fault = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  const text = readText(message.payload);
  if (!text.ok) return refused(text.error);

  const uplink = { deviceId, receivedAt: message.receivedAt };
  if (message.topic.endsWith('/cmdexe')) return commandResult(uplink, text.value);
  const payload = parseJson(text.value);
  if (payload.ok && name === undefined && (typeof payload.value !== 'object' || payload.value === null)) {
    const message = `a single value needs its name in the topic: /json/<apikey>/${deviceId}/attrs/<name>`;
    return refused(reject('decode', 'malformed_payload', message));
  }
  if (payload.ok) {
    const value = name === undefined ? payload.value : { [name]: payload.value };
    return accepted({ ...uplink, defaultDecoder: looksLikeSenml(value) ? 'senml' : 'json', body: { kind: 'json', value } });
  }
  const isUltralight = protocol === undefined && !/^\s*[[{"]/.test(text.value) && (name !== undefined || text.value.includes('|'));
  if (!isUltralight) return refused(payload.error);
  return accepted({
    ...uplink,
    defaultDecoder: 'ultralight',
    body: { kind: 'text', text: name === undefined ? text.value : `${name}|${text.value}` },
  });
}
