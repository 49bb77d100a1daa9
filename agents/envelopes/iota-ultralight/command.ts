import type { Downlink, DownMessage } from '#core';

/** On `/<apikey>/<deviceId>/cmd`, as the IoT Agents send it: `<deviceId>@<name>|<value>`, or what the registry's template made. */
export function command({ heardOn, name, value, bytes, text, json }: Downlink): DownMessage | string {
  const [, apikey, deviceId] = /^\/?ul\/([^/]+)\/([^/]+)\//.exec(heardOn) ?? [];
  if (apikey === undefined || deviceId === undefined) return `the topic ${heardOn} names no apikey`;
  const line = `${deviceId}@${name}|${typeof value === 'string' ? value.trim() : JSON.stringify(value)}`;
  return { topic: `/${apikey}/${deviceId}/cmd`, payload: bytes ?? text ?? (json === undefined ? line : JSON.stringify(json)) };
}
