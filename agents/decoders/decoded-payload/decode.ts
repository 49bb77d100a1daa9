import { isObject, readFields, refused, reject, type Measurement, type Outcome, type Uplink } from '#core';

/**
 * Fields of the codec's output; vendors' names and units (README), values as numbers, numeric texts, texts with unit or `{value, unit}`.
 * Refuses `unknown_model` when the network decoded nothing, and what `readFields` refuses.
 */
export function decode(uplink: Uplink): Outcome<Measurement> {
  const decoded = uplink.body.kind === 'frame' ? uplink.body.decoded : uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(decoded)) {
    const message = `the network decoded nothing of the frame of "${uplink.deviceId}"; name a decoder for it in the device registry, or install a codec in the network server`;
    return refused(reject('decode', 'unknown_model', message));
  }
  return readFields(decoded, uplink.receivedAt, 'network');
}
