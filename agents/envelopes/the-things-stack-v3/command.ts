import { isObject, toBase64, type CommandResult, type Downlink, type DownMessage } from '#core';

type Json = Readonly<Record<string, unknown>>;

/** `…/down/push`: `frm_payload` in base64, or `decoded_payload` for the network's own codec. The reference is a correlation id. */
export function command({ heardOn, bytes, json, fPort = 1, confirmed = false, reference }: Downlink): DownMessage | string {
  const [, device] = /^(v3\/[^/]+\/devices\/[^/]+)\//.exec(heardOn) ?? [];
  if (device === undefined)
    return 'it was last heard over a webhook, which names no topic for downlinks; connect the MQTT integration, or set topic';
  const payload = bytes === undefined ? { decoded_payload: json } : { frm_payload: toBase64(bytes) };
  if (bytes === undefined && !isObject(json)) return 'a LoRaWAN device takes hex, or a json object for the codec of its network';
  const downlink = { f_port: fPort, ...payload, priority: 'NORMAL', confirmed, correlation_ids: [`${prefix}${reference}`] };
  return { topic: `${device}/down/push`, payload: JSON.stringify({ downlinks: [downlink] }) };
}

const prefix = 'klavze:';
const statuses: Readonly<Record<string, CommandResult['status']>> = {
  downlink_queued: 'QUEUED',
  downlink_sent: 'DELIVERED',
  downlink_ack: 'OK',
  downlink_nack: 'ERROR',
  downlink_failed: 'ERROR',
};

/** What the server says of a downlink of ours; undefined for those of others. */
export function resultOf(up: Json, event: string, ids: Pick<CommandResult, 'deviceId' | 'alsoKnownAs' | 'at'>): CommandResult | undefined {
  const status = statuses[event];
  const told = isObject(up[event]) ? up[event] : {};
  const downlink = isObject(told['downlink']) ? told['downlink'] : told;
  const reference = [up['correlation_ids'], downlink['correlation_ids']]
    .flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
    .find((id): id is string => typeof id === 'string' && id.startsWith(prefix));
  if (status === undefined || reference === undefined) return undefined;
  const error = isObject(told['error']) ? (told['error']['message_format'] ?? told['error']['name']) : undefined;
  const info = event === 'downlink_nack' ? 'not acknowledged by the device' : error;
  return { ...ids, reference: reference.slice(prefix.length), status, ...(info === undefined ? {} : { info }) };
}
