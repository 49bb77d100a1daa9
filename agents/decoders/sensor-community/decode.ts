import {
  isObject,
  readParts,
  refused,
  reject,
  sensorCommunityTable as table,
  type Device,
  type Measurement,
  type Outcome,
  type Uplink,
} from '#core';

/** Numbers of the board, and its place. */
const ofBoard = /^(?:signal|samples|min_micro|max_micro|interval|lat|lon|height|GPS_.*|.*sample_time_ms|.*_counts|hv_pulses|tube)$/;

/**
 * `[{value_type, value}]`; P1 is PM10, P2 is PM2.5, pressure is in Pa. Without any value it is the event `empty`. Refuses `invalid_value`,
 * and `unmapped_quantity` when nothing but unknown sensors speaks.
 */
export function decode(uplink: Uplink, device?: Device): Outcome<Measurement> & { readonly event?: string } {
  if (uplink.body.kind !== 'json' || !Array.isArray(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder sensor-community expected a list of sensordatavalues'));
  }
  const fields = new Map<string, unknown>();
  for (const entry of uplink.body.value as unknown[]) {
    if (isObject(entry) && typeof entry['value_type'] === 'string') fields.set(entry['value_type'], entry['value']);
  }
  const message = Object.fromEntries(fields);
  const outcome = readParts([{ fields: message, table, pointer: '' }], uplink.receivedAt, { message, device });
  // The list is not an object: a pointer into it would name nothing.
  const rejections = outcome.rejections.map(({ stage, code, message }) => reject(stage, code, message));
  const isMeasured = Object.keys(outcome.values[0]?.values ?? {}).some((quantity) => quantity !== 'rssi');
  const unknown = isMeasured ? [] : [...fields.keys()].filter((name) => !Object.hasOwn(table, name) && !ofBoard.test(name));
  if (unknown.length > 0) {
    const names = unknown.slice(0, 20).map((name) => `"${name.slice(0, 40)}"`);
    rejections.push(reject('decode', 'unmapped_quantity', `no quantity of sensor.community is known by the name ${names.join(', ')}`));
  }
  return outcome.values.length + rejections.length > 0 ? { ...outcome, rejections } : { ...outcome, event: 'empty' };
}
