import type { Downlink, DownMessage } from '#core';

/** On `/<apikey>/<deviceId>/cmd`, as the IoT Agents send it: `{"<name>":<value>}`, or what the registry's template made. */
export function command({ heardOn, name, value, bytes, text, json }: Downlink): DownMessage | string {
  const [, apikey, deviceId] = /^\/?(?:json\/)?([^/]+)\/([^/]+)\/(?:attrs|cmdexe)/.exec(heardOn) ?? [];
  if (apikey === undefined || deviceId === undefined) return `the topic ${heardOn} names no apikey`;
  return { topic: `/${apikey}/${deviceId}/cmd`, payload: bytes ?? text ?? JSON.stringify(json ?? { [name]: value }) };
}
