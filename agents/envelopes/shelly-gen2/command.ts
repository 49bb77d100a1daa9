import { isObject, readJson, type Downlink, type DownMessage, type MqttMessage, type Opened } from '#core';

/** `<id>/rpc`: the registry's `json` has `method` and `params`. The device answers on `<src>/rpc`. */
export function command({ heardOn, json, reference }: Downlink): DownMessage | string {
  const id = heardOn.replace(/^klavze\//, '').split('/')[0] ?? '';
  if (!isObject(json) || typeof json['method'] !== 'string') return 'a Shelly takes json with "method" and "params"';
  return { topic: `${id}/rpc`, payload: JSON.stringify({ ...json, id: reference, src: `klavze/${id}` }) };
}

/** An answer to a command of ours: `result`, or `error` with code and message. */
export function openAnswer(deviceId: string, { payload, receivedAt: at }: MqttMessage): Opened {
  const answer = readJson(payload);
  const event: Opened = { values: [], rejections: [], event: 'command result' };
  if (!answer.ok || !isObject(answer.value) || typeof answer.value['id'] !== 'string') return event;
  const { id: reference, result, error } = answer.value;
  if (error === undefined) return { ...event, results: [{ deviceId, at, reference, status: 'OK', info: result }] };
  const info = isObject(error) ? error['message'] : error;
  return { ...event, results: [{ deviceId, at, reference, status: 'ERROR', info }] };
}
