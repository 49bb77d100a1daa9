import type { Instant, Uplink } from '../plugin.ts';
import { reject } from '../rejection.ts';
import { accepted, refused, type Outcome } from '../result.ts';
import { deviceInstant } from './instant.ts';
import { fromBase64, fromHex, isObject } from './payload.ts';
import { bestRadio } from './radio.ts';

/** A field of a network server's message as it came, and its JSON pointer there. */
type Field = readonly [value: unknown, pointer: string];

/** What every LoRaWAN network server says of an uplink, under names of its own. */
export interface FrameFields {
  readonly deviceId: string;
  readonly alsoKnownAs?: readonly string[];
  /** Left out when the device sent nothing. */
  readonly frame: Field;
  /** How the frame is written; base64 when it is left out. */
  readonly encoding?: 'base64' | 'hex';
  /** Output of the network's codec. */
  readonly decoded: unknown;
  /** Clock of the network server; left out where it has none. */
  readonly time: Field;
  /** 0 when it is left out. */
  readonly fPort: Field;
  readonly gateways: unknown;
  readonly arrivedAt: Instant;
}

/**
 * The uplink of a LoRaWAN device; one without frame and codec output is the event `empty`.
 * Refuses `malformed_payload`, `invalid_time`, `invalid_value`.
 */
export function frameUplink(fields: FrameFields): Outcome<Uplink> & { readonly event?: string } {
  const [frame, framePointer] = fields.frame;
  const { encoding = 'base64' } = fields;
  const bytes = encoding === 'hex' ? fromHex(frame ?? '') : fromBase64(frame ?? '');
  if (bytes === undefined) return refused(reject('decode', 'malformed_payload', `${framePointer} is not ${encoding}`, framePointer));
  const decoded = isObject(fields.decoded) ? fields.decoded : undefined;
  if (bytes.length === 0 && decoded === undefined) return { values: [], rejections: [], event: 'empty' };
  const [time, timePointer] = fields.time;
  const receivedAt = time === undefined || time === null ? fields.arrivedAt : deviceInstant(time);
  if (receivedAt === undefined) {
    const message = `${timePointer} is ${JSON.stringify(time).slice(0, 80)}; expected a time with offset such as 2026-05-01T10:00:00Z`;
    return refused(reject('decode', 'invalid_time', message, timePointer));
  }
  const [fPort, fPortPointer] = fields.fPort;
  if (fPort !== undefined && fPort !== null && !isPort(fPort)) {
    const message = `${fPortPointer} is ${JSON.stringify(fPort).slice(0, 80)}; expected a whole number from 0 to 255`;
    return refused(reject('decode', 'invalid_value', message, fPortPointer));
  }
  const radio = bestRadio(fields.gateways);
  return accepted({
    deviceId: fields.deviceId,
    ...(fields.alsoKnownAs === undefined ? {} : { alsoKnownAs: fields.alsoKnownAs }),
    receivedAt,
    defaultDecoder: 'decoded-payload',
    body: { kind: 'frame', bytes, fPort: fPort ?? 0, ...(decoded === undefined ? {} : { decoded }) },
    ...(radio === undefined ? {} : { radio }),
  });
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
