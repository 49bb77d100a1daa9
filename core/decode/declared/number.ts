import type { FieldType, FrameCondition, Position } from './declaration.ts';

const bytesOf: Readonly<Record<FieldType, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u24: 3,
  i24: 3,
  u32: 4,
  i32: 4,
  f32: 4,
  f64: 8,
};

const readers: Readonly<Record<FieldType, (view: DataView, offset: number, littleEndian: boolean) => number>> = {
  u8: (view, offset) => view.getUint8(offset),
  i8: (view, offset) => view.getInt8(offset),
  u16: (view, offset, little) => view.getUint16(offset, little),
  i16: (view, offset, little) => view.getInt16(offset, little),
  u24: (view, offset, little) => three(view, offset, little),
  i24: (view, offset, little) => (three(view, offset, little) << 8) >> 8,
  u32: (view, offset, little) => view.getUint32(offset, little),
  i32: (view, offset, little) => view.getInt32(offset, little),
  f32: (view, offset, little) => view.getFloat32(offset, little),
  f64: (view, offset, little) => view.getFloat64(offset, little),
};

function three(view: DataView, offset: number, littleEndian: boolean): number {
  return littleEndian
    ? view.getUint8(offset) | (view.getUint16(offset + 1, true) << 8)
    : (view.getUint16(offset) << 8) | view.getUint8(offset + 2);
}

/** A number of a frame, made ready to be found and read. */
export interface NumberAt {
  readonly bytes: number;
  readonly at: number | undefined;
  read(view: DataView, offset: number): number;
}

export function numberAt({ at, type = 'u8', littleEndian, bits }: Position, usuallyLittle: boolean): NumberAt {
  const little = littleEndian ?? usuallyLittle;
  const whole = readers[type];
  const bytes = bytesOf[type];
  if (bits === undefined) return { bytes, at, read: (view, offset) => whole(view, offset, little) };
  const [first, last] = typeof bits === 'number' ? [bits, bits] : bits;
  const divisor = 2 ** first;
  const size = 2 ** (last - first + 1);
  // Bit operators work on 32 signed bits; arithmetic does not care.
  const positive = (raw: number): number => (raw < 0 ? raw + 2 ** (8 * bytes) : raw);
  const isSigned = type.startsWith('i');
  return {
    bytes,
    at,
    read(view, offset) {
      const part = Math.floor(positive(whole(view, offset, little)) / divisor) % size;
      return isSigned && part >= size / 2 ? part - size : part;
    },
  };
}

/** Where a number stands: from `origin`, or from the end of the frame. */
export function offsetOf(at: number, origin: number, length: number): number {
  return at < 0 ? length + at : origin + at;
}

/** Whether what stands in the frame is what a condition asks for; one beyond the end does not hold. */
export function condition(rule: FrameCondition | undefined, usuallyLittle: boolean): (view: DataView, origin: number) => boolean {
  if (rule === undefined) return () => true;
  const number = numberAt(rule, usuallyLittle);
  const is = rule.is === undefined ? undefined : [rule.is].flat();
  const not = rule.not === undefined ? undefined : [rule.not].flat();
  return (view, origin) => {
    const offset = offsetOf(number.at ?? 0, origin, view.byteLength);
    if (offset < 0 || offset + number.bytes > view.byteLength) return false;
    const found = number.read(view, offset);
    return (is === undefined || is.includes(found)) && (not === undefined || !not.includes(found));
  };
}
