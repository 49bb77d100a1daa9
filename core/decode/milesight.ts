import type { Uplink, Versions } from '../plugin.ts';
import { eventField, headerOf, numberField, readFrameFields, type FrameField } from './frame-fields.ts';
import { readFrame, type FrameOutcome, type NumberType } from './frame.ts';

/** Channel id and type in one number (`0x0175`), and what follows them. */
export type MilesightChannels = Readonly<Record<number, FrameField>>;

/** A channel of one number: value = number / divisor; little-endian. */
export function milesightNumber(
  quantity: string,
  type: NumberType,
  divisor: number,
  range: readonly [minimum: number, maximum: number],
): FrameField {
  return numberField(quantity, type, divisor, range, true);
}

/** A history entry: uint32 Unix seconds, then `fields` one after the other. An entry whose clock cannot be trusted is `invalid_time`. */
export function milesightHistory(...fields: readonly FrameField[]): FrameField {
  return {
    length: fields.reduce((sum, { length }) => sum + length, 4),
    read(report, offset) {
      const at = report.clock(report.view.getUint32(offset, true));
      if (at === undefined) return;
      let next = offset + 4;
      for (const { length, read } of fields) {
        read?.(report, next, at);
        next += length;
      }
    },
  };
}

/** Temperature as all models write it: int16, tenths of °C. */
export const milesightTemperature = milesightNumber('airTemperature', 'int16', 10, [-50, 130]);
/** Humidity as all models write it: uint8, halves of a percent. */
export const milesightHumidity = milesightNumber('relativeHumidity', 'uint8', 200, [0, 1]);
/** Standing upright or tilted, uint8. */
export const milesightPosition = milesightNumber('tilted', 'uint8', 1, [0, 1]);

const battery = milesightNumber('batteryLevel', 'uint8', 100, [0, 1]);

/** Two bytes: of the hardware `1.2` as 01 20, of the firmware `1.14` as 01 0e. */
const versions: Readonly<Record<number, FrameField>> = {
  0x09: version('hardwareVersion', 4),
  0x0a: version('firmwareVersion', 0),
};

function version(name: keyof Versions, shift: number): FrameField {
  return {
    length: 2,
    read(report, offset) {
      report.event('boot');
      report.about(name, `${report.view.getUint8(offset)}.${report.view.getUint8(offset + 1) >> shift}`);
    },
  };
}

/** Type under 0xFF → length: serial number, class and power-on ("Attribute" in the vendor's payload definitions). */
// prettier-ignore
const attributes: Readonly<Record<number, number>> = {
  0x01: 1, 0x0b: 1, 0x0f: 1, 0x16: 8, 0x1f: 4, 0xfe: 1, 0xff: 2,
};

/** Type under 0xFE and 0xFF → length: answers to settings sent down; one meaning in all models. */
// prettier-ignore
const settings: Readonly<Record<number, number>> = {
  0x02: 2, 0x03: 2, 0x04: 1, 0x06: 9, 0x10: 1, 0x11: 4, 0x13: 1, 0x17: 2, 0x1b: 5, 0x1c: 2, 0x25: 1, 0x27: 1, 0x28: 1, 0x2a: 1,
  0x2c: 1, 0x2d: 1, 0x2e: 1, 0x35: 8, 0x39: 5, 0x3a: 2, 0x3b: 1, 0x3c: 1, 0x3d: 1, 0x3e: 1, 0x40: 1, 0x42: 1, 0x43: 1, 0x44: 1, 0x4a: 1,
  0x51: 1, 0x56: 1, 0x65: 2, 0x66: 1, 0x68: 1, 0x69: 1, 0x6a: 3, 0x6d: 1, 0x70: 2, 0x71: 1, 0x77: 2, 0x79: 6, 0x84: 1, 0x8e: 3, 0x96: 8,
  0xab: 3, 0xbd: 2, 0xea: 3, 0xeb: 1, 0xf0: 4, 0xf1: 4, 0xf2: 2, 0xf4: 1, 0xf5: 1,
};

/** Answer to the calibration of CO₂: the mode, and a value where it is set by hand. */
const calibration: FrameField = {
  ...eventField(1, 'configuration'),
  lengthAt: (view, offset) => (view.getUint8(offset) === 2 ? 3 : 1),
};

/** Type under 0xF9 → length; under 0xF8 a result byte follows. */
// prettier-ignore
const extendedSettings: Readonly<Record<number, number>> = {
  0x0d: 3, 0x12: 1, 0x13: 1, 0x14: 2, 0x15: 2, 0x16: 1, 0x39: 2, 0x84: 3, 0x85: 2, 0x86: 1, 0x87: 1, 0x88: 2,
};

/**
 * Milesight's convention: channel id, channel type and value in a row, little-endian. Frames of versions and settings are the events `boot`
 * and `configuration`. Refuses as `readFrameFields`.
 */
export function readMilesight(uplink: Uplink, channels: MilesightChannels): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { view } = report;
    readFrameFields(report, {
      headerBytes: 2,
      fieldAt(offset) {
        const key = view.getUint16(offset);
        return channels[key] ?? common(key);
      },
      nameAt: (offset) => `channel ${headerOf(view, offset, 2)}`,
    });
  });
}

function common(key: number): FrameField | undefined {
  if (key === 0x0175) return battery;
  const id = key >> 8;
  const type = key & 0xff;
  if (id === 0xff && versions[type] !== undefined) return versions[type];
  if (id === 0xff && attributes[type] !== undefined) return eventField(attributes[type], 'boot');
  if (id >= 0xfe && type === 0x1a) return calibration;
  const length = id >= 0xfe ? settings[type] : extendedSettings[type];
  if (length === undefined || id < 0xf8 || (id > 0xf9 && id < 0xfe)) return undefined;
  return eventField(id === 0xf8 ? length + 1 : length, 'configuration');
}
