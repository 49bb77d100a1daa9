import { isObject, toBase64, type CommandResult, type Downlink, type DownMessage } from '#core';

/** `…/command/down`: `data` in base64, or `object` for the network's own codec. The reference is the id of the queue item. */
export function command({ heardOn, bytes, json, fPort = 1, confirmed = false, reference }: Downlink): DownMessage | string {
  const [, device, devEui] = /^(application\/[^/]+\/device\/([^/]+))\//.exec(heardOn) ?? [];
  if (device === undefined)
    return 'it was last heard over HTTP, which names no topic for downlinks; connect the MQTT integration, or set topic';
  if (bytes === undefined && !isObject(json)) return 'a LoRaWAN device takes hex, or a json object for the codec of its network';
  const payload = bytes === undefined ? { object: json } : { data: toBase64(bytes) };
  return { topic: `${device}/command/down`, payload: JSON.stringify({ id: reference, devEui, confirmed, fPort, ...payload }) };
}

/** What the server says of a queue item: sent (`txack`), acknowledged or not (`ack`). */
export function resultOf(event: string, up: unknown, ids: Pick<CommandResult, 'deviceId' | 'at'>): CommandResult | undefined {
  const reference = isObject(up) ? up['queueItemId'] : undefined;
  if (!isObject(up) || typeof reference !== 'string') return undefined;
  if (event === 'txack') return { ...ids, reference, status: 'DELIVERED' };
  if (event !== 'ack') return undefined;
  // Without the field it is false: defaults are left out.
  return up['acknowledged'] === true
    ? { ...ids, reference, status: 'OK' }
    : { ...ids, reference, status: 'ERROR', info: 'not acknowledged by the device' };
}
