import type { Downlink, DownMessage } from '#core';

/** `<base>/<friendly name>/set` with `{"<name>":<value>}`, or the registry's template. */
export function command({ heardOn, name, value, text, json }: Downlink): DownMessage | string {
  const device = heardOn.replace(/\/availability$/, '');
  return { topic: `${device}/set`, payload: text ?? JSON.stringify(json ?? { [name]: value }) };
}
