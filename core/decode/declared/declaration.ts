/** A decoder as a person writes it down: `decoder.yaml`, held against `schemas/decoder.schema.json`. */
import type { Text } from '../../plugin.ts';

export const fieldTypes = ['u8', 'i8', 'u16', 'i16', 'u24', 'i24', 'u32', 'i32', 'f32', 'f64'] as const;
export type FieldType = (typeof fieldTypes)[number];

export type Scalar = number | string | boolean;

/** How a number or word becomes a value of a quantity: value = number × scale + offset, in `unit`. */
export interface ValueRule {
  readonly quantity: string;
  /** Unit of the scaled number; left out: the quantity's own. */
  readonly unit?: string;
  readonly scale?: number;
  readonly offset?: number;
  /** Words or numbers that stand for a value, before scale and offset: `{open: 1, closed: 0}`. Another one is `invalid_value`. */
  readonly values?: Readonly<Record<string, number>>;
  /** What means "no value now": passed over. `NaN` is the code of floating point numbers. */
  readonly absent?: readonly Scalar[];
  /** Error codes: what each of them says. */
  readonly invalid?: Readonly<Record<string, string>>;
  /** What the device can measure, in the quantity's own unit, both ends included. */
  readonly range?: readonly [minimum: number, maximum: number];
}

/** Where a number stands in a frame. */
export interface Position {
  /** Byte from the start of the frame, of the repetition or of the channel's value; negative from the end of the frame. Left out: the next one. */
  readonly at?: number;
  readonly type?: FieldType;
  readonly littleEndian?: boolean;
  /** Bits of the number, 0 is the lowest: one, or the first and the last. */
  readonly bits?: number | readonly [first: number, last: number];
}

/** A number in the frame and what it must be. A condition beyond the end of the frame does not hold. */
export interface FrameCondition extends Position {
  readonly is?: number | readonly number[];
  readonly not?: number | readonly number[];
}

/** A moment of the device's own: Unix seconds, seconds since `epoch`, or seconds before the uplink. */
export interface TimeRule extends Position {
  readonly scale?: number;
  readonly epoch?: string;
  readonly before?: boolean;
}

/** A value, bytes to be passed over, or a group of fields. What its `when` rules out is not there, and what follows moves up. */
export interface FieldRule extends Position, Partial<ValueRule> {
  readonly when?: FrameCondition;
  readonly skip?: number;
  readonly fields?: readonly FieldRule[];
  /** How often the group stands there: a number, the number in a field, or to the end. */
  readonly repeat?: number | 'rest' | Position;
  /** When the group was measured. */
  readonly time?: TimeRule;
  /** Seconds between two repetitions, the first one being the newest. */
  readonly every?: number;
}

/** Values one after the other, each with a header: `'03 67'` → what follows. `*` stands for any byte. */
export interface ChannelTable {
  readonly start?: number;
  readonly headerBytes: number;
  readonly list: Readonly<Record<string, { readonly event?: string; readonly time?: TimeRule; readonly fields?: readonly FieldRule[] }>>;
}

/** One kind of frame. Of several for a port the first counts whose condition and length fit. */
export interface FrameRule {
  readonly fPort?: number | readonly number[];
  readonly when?: FrameCondition;
  /** Bytes: exactly, or at least and at most. */
  readonly length?: number | readonly [minimum: number, maximum: number];
  /** true: bytes after the last field are passed over; else such a frame is refused. */
  readonly moreBytes?: boolean;
  readonly event?: string;
  readonly time?: TimeRule;
  readonly fields?: readonly FieldRule[];
  readonly channels?: ChannelTable;
}

/** A value in JSON, under a path such as `data.temperature`, `list[0].value` or `/data/temperature`. */
export interface JsonValueRule extends ValueRule {
  readonly path: string;
}

export interface JsonTable {
  /** Path of the moment of all values; left out: the time of the uplink. */
  readonly time?: string;
  readonly values?: readonly JsonValueRule[];
  /** Lists of objects, each with a moment of its own. */
  readonly lists?: readonly { readonly path: string; readonly time?: string; readonly values: readonly JsonValueRule[] }[];
  /** Messages without a measurement, by what stands under a path. */
  readonly events?: readonly { readonly path: string; readonly is?: readonly Scalar[]; readonly event: string }[];
}

export interface Declaration {
  readonly name: string;
  readonly title: Text;
  readonly vendor: string;
  readonly models: readonly string[];
  readonly datasheet: string;
  /** Byte order of all numbers that do not say theirs. */
  readonly littleEndian?: boolean;
  readonly frames?: readonly FrameRule[];
  readonly json?: JsonTable;
  /** File of a vendor's codec, beside the declaration. */
  readonly codec?: string;
  readonly examples?: readonly DeclaredExample[];
}

/** A message and what must come out of it. */
export interface DeclaredExample {
  readonly description?: string;
  readonly receivedAt?: string;
  readonly fPort?: number;
  readonly hex?: string;
  readonly json?: unknown;
  readonly expected: {
    /** By quantity, all at the time of the uplink; or one by one with their moments. */
    readonly readings?:
      Readonly<Record<string, number>> | readonly { readonly quantity: string; readonly value: number; readonly observedAt?: string }[];
    readonly rejections?: readonly (string | { readonly code: string })[];
    readonly event?: string;
  };
}
