import type { Instant, Uplink, Versions } from '../plugin.ts';
import { reject, type Rejection, type RejectionCode } from '../rejection.ts';
import { refused, type Outcome } from '../result.ts';
import type { Measurement } from './fields.ts';
import { deviceInstant } from './instant.ts';
import { Moments } from './moments.ts';

/** Numbers as frames write them. */
export type NumberType = 'uint8' | 'int8' | 'uint16' | 'int16' | 'uint32' | 'int32';

export const sizeOf: Readonly<Record<NumberType, number>> = { uint8: 1, int8: 1, uint16: 2, int16: 2, uint32: 4, int32: 4 };

export function readNumber(view: DataView, offset: number, type: NumberType, littleEndian = false): number {
  if (type === 'uint8') return view.getUint8(offset);
  if (type === 'int8') return view.getInt8(offset);
  if (type === 'uint16') return view.getUint16(offset, littleEndian);
  if (type === 'int16') return view.getInt16(offset, littleEndian);
  return type === 'uint32' ? view.getUint32(offset, littleEndian) : view.getInt32(offset, littleEndian);
}

export type FrameOutcome = Outcome<Measurement> & { readonly event?: string; readonly about?: Versions };

/** What is read out of one frame, gathered field by field. */
export interface FrameReport {
  readonly view: DataView;
  readonly length: number;
  readonly fPort: number;
  readonly receivedAt: Instant;
  /**
   * Takes a value, at the time of the uplink unless it has one of its own; of two at one moment the last counts. One outside `range`
   * (inclusive, in the quantity's unit: what the device can measure, or what its error codes stand for) is `invalid_value`.
   */
  measured(quantity: string, value: number, range?: readonly [minimum: number, maximum: number], at?: Instant): void;
  refuse(code: RejectionCode, message: string): void;
  /** What a frame is that has no measurement; the first counts. */
  event(name: string): void;
  /** A version that the device says of itself. */
  about(name: keyof Versions, version: string): void;
  /** A clock of the device, Unix seconds; `invalid_time` when it was never set or runs ahead, see `deviceClock`. */
  clock(seconds: number): Instant | undefined;
}

/** LoRaWAN carries 242 bytes, the cellular siblings of its devices some more; beyond it is no frame of a sensor. */
const longest = 1024;

/**
 * Reads a binary frame of at least one byte. A frame out of which `read` makes nothing at all is `unknown_frame`.
 * Refuses `unknown_frame` for another body and one of more than 1024 bytes, `truncated_frame` for an empty one.
 */
export function readFrame(uplink: Uplink, read: (report: FrameReport) => void): FrameOutcome {
  if (uplink.body.kind !== 'frame') return refused(reject('decode', 'unknown_frame', `expected a binary frame, got ${uplink.body.kind}`));
  const { bytes, fPort } = uplink.body;
  if (bytes.length === 0) return refused(reject('decode', 'truncated_frame', 'the frame is empty'));
  if (bytes.length > longest) {
    return refused(reject('decode', 'unknown_frame', `the frame has ${bytes.length} bytes; expected at most ${longest}`));
  }
  const { receivedAt } = uplink;
  const moments = new Moments();
  const rejections: Rejection[] = [];
  const versions: Record<string, string> = {};
  let event: string | undefined;
  function refuse(code: RejectionCode, message: string): void {
    // The same fault many times over in one frame is one fault.
    if (!rejections.some((known) => known.code === code && known.message === message)) rejections.push(reject('decode', code, message));
  }
  read({
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    length: bytes.length,
    fPort,
    receivedAt,
    refuse,
    measured(quantity, value, range, at = receivedAt) {
      if (range !== undefined && !(value >= range[0] && value <= range[1])) {
        refuse('invalid_value', `${quantity} is ${value}; expected ${range[0]} to ${range[1]}`);
        return;
      }
      moments.add(quantity, value, at);
    },
    event(name) {
      event ??= name;
    },
    about(name, version) {
      versions[name] = version;
    },
    clock(seconds) {
      const at = deviceClock(seconds, receivedAt);
      if (at === undefined) refuse('invalid_time', `an entry is stamped ${seconds}; the clock of the device is not set or runs ahead`);
      return at;
    },
  });
  const values = moments.records();
  const about = Object.keys(versions).length === 0 ? {} : { about: versions };
  if (values.length > 0 || rejections.length > 0) return { values, rejections, ...about };
  return event === undefined
    ? refused(reject('decode', 'unknown_frame', 'the frame holds nothing that is known'))
    : { values, rejections, event, ...about };
}

/** Whether the frame has exactly, or with `more` at least, the bytes that its kind asks for; refuses it as a whole otherwise. */
export function hasLength(report: FrameReport, expected: number, more?: 'or more'): boolean {
  if (report.length === expected || (more !== undefined && report.length > expected)) return true;
  const code = report.length < expected ? 'truncated_frame' : 'unknown_frame';
  report.refuse(code, `the frame has ${report.length} bytes; expected ${expected}`);
  return false;
}

const toleranceMs = 5 * 60_000;

/** A moment of the device's own clock; undefined for one before 2015, which was never set, or more than 5 minutes after the uplink. */
export function deviceClock(seconds: number, receivedAt: Instant): Instant | undefined {
  const at = deviceInstant(seconds);
  if (at === undefined || at < '2015') return undefined;
  return Date.parse(at) - Date.parse(receivedAt) > toleranceMs ? undefined : at;
}

/** Record schema of a decoder whose frames measure these quantities. */
export function frameSchema(...quantities: readonly string[]): object {
  return {
    type: 'object',
    required: ['observedAt', 'values'],
    additionalProperties: false,
    properties: {
      observedAt: { type: 'string', format: 'date-time' },
      values: {
        type: 'object',
        minProperties: 1,
        additionalProperties: false,
        properties: Object.fromEntries(quantities.map((quantity) => [quantity, { type: 'number' }])),
      },
    },
  };
}
