import { accepted, refused, reject, type Outcome, type Uplink } from '#core';

import type { DlPmRecord } from './record.ts';

type Values = Omit<DlPmRecord, 'observedAt'>;

/** Sensor groups in the order of their flag bits: uint16 big-endian words each, and what they say. */
const groups: readonly { readonly words: number; read(word: (index: number) => number): Values }[] = [
  { words: 1, read: (word) => ({ batteryVoltage: word(0) / 1000 }) },
  {
    words: 10,
    read: (word) => ({
      pm1: word(0) / 10,
      pm25: word(1) / 10,
      pm4: word(2) / 10,
      pm10: word(3) / 10,
      typicalParticleSize: word(4) / 1000,
      particleNumber05: word(5) / 10,
      particleNumber1: word(6) / 10,
      particleNumber25: word(7) / 10,
      particleNumber4: word(8) / 10,
      particleNumber10: word(9) / 10,
    }),
  },
  {
    words: 2,
    // Sensirion SHT2x; its humidity may run over either end by some percent, which its data sheet says to cut.
    read: (word) => ({
      airTemperature: (175.72 * word(0)) / 65536 - 46.85,
      relativeHumidity: Math.min(1, Math.max(0, ((125 * word(1)) / 65536 - 6) / 100)),
    }),
  },
  // The word counts units of 2 Pa.
  { words: 1, read: (word) => ({ atmosphericPressure: (word(0) * 2) / 100 }) },
];

const protocolVersion = 2;
const headerBytes = 5;

/**
 * Byte 0 protocol version 2, uint16 device id, uint16 flags (one bit a sensor group), then the groups. Refuses `unknown_frame` for another
 * version, an unknown flag or a frame longer than its flags say, `truncated_frame` for a shorter one: nothing of such a frame is read.
 */
export function decode(uplink: Uplink): Outcome<DlPmRecord> & { readonly event?: string } {
  if (uplink.body.kind !== 'frame') return refused(reject('decode', 'unknown_frame', `expected a binary frame, got ${uplink.body.kind}`));
  const { bytes } = uplink.body;
  if (bytes.length < headerBytes) {
    return refused(
      reject('decode', 'truncated_frame', `the frame has ${bytes.length} bytes; expected at least the header of ${headerBytes}`),
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0);
  if (version !== protocolVersion) {
    return refused(reject('decode', 'unknown_frame', `the protocol version is ${version}; expected ${protocolVersion}`));
  }
  const flags = view.getUint16(3);
  if (flags >> groups.length !== 0) {
    return refused(reject('decode', 'unknown_frame', `the flags are 0x${flags.toString(16)}; a DL-PM has ${groups.length} sensor groups`));
  }
  const present = groups.filter((_, bit) => (flags >> bit) & 1);
  const expected = headerBytes + 2 * present.reduce((sum, { words }) => sum + words, 0);
  if (bytes.length !== expected) {
    const code = bytes.length < expected ? 'truncated_frame' : 'unknown_frame';
    return refused(reject('decode', code, `the frame has ${bytes.length} bytes; its flags 0x${flags.toString(16)} ask for ${expected}`));
  }
  if (present.length === 0) return { values: [], rejections: [], event: 'empty' };

  let record: DlPmRecord = { observedAt: uplink.receivedAt };
  let offset = headerBytes;
  for (const { words, read } of present) {
    const start = offset;
    record = { ...record, ...read((index) => view.getUint16(start + 2 * index)) };
    offset += 2 * words;
  }
  return accepted(record);
}
