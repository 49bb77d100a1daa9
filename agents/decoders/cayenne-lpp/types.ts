import { readNumber, sizeOf, type NumberType } from '#core';

/** A type of the format: what it is called, its bytes, and its quantity where it has one. */
export interface LppType {
  readonly name: string;
  readonly length: number;
  readonly quantity?: string;
  /** A measured number whose quantity the format leaves open. */
  readonly meansAnything?: true;
  read(view: DataView, offset: number): number;
}

function measured(name: string, quantity: string, type: NumberType, divisor: number): LppType {
  return { name, quantity, length: sizeOf[type], read: (view, offset) => readNumber(view, offset, type) / divisor };
}

function anything(name: string, length: number): LppType {
  return { name, length, meansAnything: true, read: () => 0 };
}

function passedOver(name: string, length: number): LppType {
  return { name, length, read: () => 0 };
}

export const types: Readonly<Record<number, LppType>> = {
  0x00: measured('digital input', 'digitalInput', 'uint8', 1),
  0x01: anything('digital output', 1),
  0x02: anything('analogue input', 2),
  0x03: anything('analogue output', 2),
  0x64: anything('generic value', 4),
  0x65: measured('illuminance', 'illuminance', 'uint16', 1),
  0x66: measured('presence', 'presence', 'uint8', 1),
  0x67: measured('temperature', 'airTemperature', 'int16', 10),
  0x68: measured('humidity', 'relativeHumidity', 'uint8', 200),
  0x71: passedOver('acceleration', 6),
  0x73: measured('pressure', 'atmosphericPressure', 'uint16', 10),
  0x74: measured('voltage', 'voltage', 'uint16', 100),
  0x75: measured('current', 'current', 'uint16', 1000),
  0x76: anything('frequency', 4),
  0x78: anything('percentage', 1),
  0x79: anything('altitude', 2),
  0x7d: anything('concentration', 2),
  0x80: measured('power', 'activePower', 'uint16', 1),
  0x82: measured('distance', 'distance', 'uint32', 1000),
  0x83: measured('energy', 'activeEnergyImport', 'uint32', 1000),
  0x84: anything('direction', 2),
  0x85: passedOver('time', 4),
  0x86: passedOver('rotation', 6),
  0x87: passedOver('colour', 3),
  0x88: passedOver('location', 9),
  0x8e: measured('switch', 'digitalInput', 'uint8', 1),
};
