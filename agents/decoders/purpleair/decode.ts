import { isObject, readPurpleair, refused, reject, versionsOf, type Device, type FrameOutcome, type Uplink } from '#core';

/**
 * Current values of one sensor, see `readPurpleair`. Without any it is the event `empty`.
 */
export function decode(uplink: Uplink, device?: Device): FrameOutcome {
  if (uplink.body.kind !== 'json' || !isObject(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder purpleair expected a JSON object of values'));
  }
  const message = uplink.body.value;
  const outcome = readPurpleair(message, uplink.receivedAt, '/sensor', { message, device });
  if (outcome.values.length + outcome.rejections.length === 0) return { ...outcome, event: 'empty' };
  const about = versionsOf(message, { firmwareVersion: 'firmware_version' });
  return about === undefined ? outcome : { ...outcome, about };
}
