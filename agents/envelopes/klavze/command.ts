import type { Downlink, DownMessage } from '#core';

/** On `klavze/<deviceId>/cmd`: the bytes, text or JSON of the registry's template, else `{"<name>":<value>}`. */
export function command({ heardOn, name, value, bytes, text, json }: Downlink): DownMessage | string {
  const [, deviceId] = /^klavze\/([^/]+)\//.exec(heardOn) ?? [];
  if (deviceId === undefined) return `it was last heard on ${heardOn}, and over HTTP nothing can be sent to it`;
  return { topic: `klavze/${deviceId}/cmd`, payload: bytes ?? text ?? JSON.stringify(json ?? { [name]: value }) };
}
