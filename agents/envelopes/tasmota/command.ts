import { isObject, readJson, type CommandResult, type Downlink, type DownMessage, type MqttMessage } from '#core';

/** `cmnd/<topic>/<name>`, in the order of the device's own topics, with the value as text, or the registry's template. */
export function command({ heardOn, name, value, text, json }: Downlink): DownMessage | string {
  const topic = heardOn.replace(/(^|\/)(?:tele|stat)\//, '$1cmnd/').replace(/[^/]*$/, name);
  const plain = typeof value === 'string' ? value.trim() : JSON.stringify(value);
  return { topic, payload: text ?? (json === undefined ? plain : JSON.stringify(json)) };
}

/** `stat/<topic>/RESULT` names the command and what is true now: `{"POWER":"ON"}`. */
export function resultsOf(deviceId: string, { payload, receivedAt: at }: MqttMessage): CommandResult[] {
  const answer = readJson(payload);
  if (!answer.ok || !isObject(answer.value)) return [];
  return Object.entries(answer.value).map(([name, info]) => ({ deviceId, at, name, status: 'OK', info }));
}
