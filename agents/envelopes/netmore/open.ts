import {
  deviceIdFault,
  frameUplink,
  isObject,
  plainNumber,
  readJson,
  refused,
  reject,
  type MqttMessage,
  type Opened,
  type Outcome,
  type Uplink,
} from '#core';

/**
 * An array of uplinks, or one alone. `payload` is hexadecimal; `fPort`, `rssi` and `snr` are texts. Time is `timestamp`, the network
 * server's. Entries of a `messageType` that is no uplink are events. One bad entry does not cost the others.
 */
export function open(message: MqttMessage): Opened {
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const entries = Array.isArray(payload.value) ? (payload.value as unknown[]) : [payload.value];
  const outcome: Outcome<Uplink> = { values: [], rejections: [] };
  let event: string | undefined;
  for (const [i, entry] of entries.entries()) {
    const opened = openEntry(entry, Array.isArray(payload.value) ? `/${i}` : '', message.receivedAt);
    outcome.values.push(...opened.values);
    outcome.rejections.push(...opened.rejections);
    event = opened.event ?? event;
  }
  if (entries.length === 0) event = 'empty';
  return event === undefined ? outcome : { ...outcome, event };
}

const uplinks: ReadonlySet<string> = new Set(['payload', 'uplink', 'data']);

function openEntry(entry: unknown, pointer: string, arrivedAt: string): Opened {
  if (!isObject(entry)) return refused(reject('decode', 'malformed_payload', 'the message holds an entry that is no uplink', pointer));
  const fault = deviceIdFault(entry['devEui'], 'devEui');
  if (fault !== undefined) return refused({ ...fault, pointer: `${pointer}/devEui` });
  const kind = entry['messageType'];
  if (typeof kind === 'string' && !uplinks.has(kind.toLowerCase())) return { values: [], rejections: [], event: kind.slice(0, 40) };
  return frameUplink({
    deviceId: String(entry['devEui']).toLowerCase(),
    frame: [entry['payload'], `${pointer}/payload`],
    encoding: 'hex',
    decoded: undefined,
    time: [entry['timestamp'], `${pointer}/timestamp`],
    fPort: [plainNumber(entry['fPort']), `${pointer}/fPort`],
    gateways: [{ rssi: plainNumber(entry['rssi']), snr: plainNumber(entry['snr']) }],
    arrivedAt,
  });
}
