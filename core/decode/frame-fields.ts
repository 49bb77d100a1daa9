import type { Instant } from '../plugin.ts';
import { readNumber, sizeOf, type FrameReport, type NumberType } from './frame.ts';

/** A value in a frame: its bytes, and what they say. */
export interface FrameField {
  readonly length: number;
  /** Where the length depends on the value: looked at when `length` bytes are there. */
  readonly lengthAt?: (view: DataView, offset: number) => number;
  /** `at` is the moment of the value where it has one of its own. */
  readonly read?: (report: FrameReport, offset: number, at?: Instant) => void;
}

/** A field of one number: value = number / divisor. */
export function numberField(
  quantity: string,
  type: NumberType,
  divisor: number,
  range?: readonly [minimum: number, maximum: number],
  littleEndian = false,
): FrameField {
  return {
    length: sizeOf[type],
    read: (report, offset, at) => report.measured(quantity, readNumber(report.view, offset, type, littleEndian) / divisor, range, at),
  };
}

/** A field that is no measurement: what a frame of such fields alone is. */
export function eventField(length: number, event: string): FrameField {
  return { length, read: (report) => report.event(event) };
}

/** How a frame writes fields one after the other: each with a header that says what follows. */
export interface FieldLayout {
  /** Bytes before the first header. */
  readonly start?: number;
  readonly headerBytes: number;
  /** The field whose header stands at `offset`; undefined when the data sheet does not have it. */
  fieldAt(offset: number): FrameField | undefined;
  /** What the header at `offset` is, for the message: `channel 03 67`. */
  nameAt(offset: number): string;
}

/**
 * Reads a frame of fields with headers. One that ends within a field is `truncated_frame` and nothing of it counts; what follows an unknown
 * header cannot be read (`unknown_frame`), what stood before it counts.
 */
export function readFrameFields(report: FrameReport, { start = 0, headerBytes, fieldAt, nameAt }: FieldLayout): void {
  const found: (readonly [field: FrameField, offset: number])[] = [];
  let next = start;
  while (next < report.length) {
    const header = next;
    const offset = header + headerBytes;
    const field = offset > report.length ? undefined : fieldAt(header);
    const length = field === undefined ? 0 : lengthOf(field, report.view, offset);
    if (offset + length > report.length) {
      report.refuse('truncated_frame', `the frame of ${report.length} bytes ends within the field at byte ${header}`);
      return;
    }
    if (field === undefined) {
      report.refuse('unknown_frame', `${nameAt(header)} at byte ${header} is not known of this device; the rest cannot be read`);
      break;
    }
    found.push([field, offset]);
    next = offset + length;
  }
  for (const [{ read }, offset] of found) read?.(report, offset);
}

function lengthOf({ length, lengthAt }: FrameField, view: DataView, offset: number): number {
  return lengthAt === undefined || offset + length > view.byteLength ? length : lengthAt(view, offset);
}

/** A header in hexadecimal digits: `03 67`. */
export function headerOf(view: DataView, offset: number, bytes: number): string {
  return Array.from({ length: bytes }, (_, i) =>
    view
      .getUint8(offset + i)
      .toString(16)
      .padStart(2, '0'),
  ).join(' ');
}
