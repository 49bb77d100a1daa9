import type { Uplink } from '../plugin.ts';
import { hasLength, readFrame, type FrameOutcome, type FrameReport } from './frame.ts';

/** One sensor group, present when its flag bit is set: how many uint16 words it has and what they say. */
export interface DecentlabGroup {
  readonly words: number;
  read(word: (index: number) => number, report: FrameReport): void;
}

/** The last group of every device: uint16 mV. */
export const decentlabBattery: DecentlabGroup = {
  words: 1,
  read: (word, report) => report.measured('batteryVoltage', word(0) / 1000),
};

const protocolVersion = 2;
const headerBytes = 5;

/**
 * Decentlab's protocol: byte 0 version 2, uint16 device id, uint16 flags (one bit a group), then the groups; words are uint16 big-endian.
 * Refuses `unknown_frame` for another version, an unknown flag or a frame longer than its flags say, `truncated_frame` for a shorter one:
 * nothing of such a frame is read. A frame without groups is the event `empty`.
 */
export function readDecentlab(uplink: Uplink, model: string, groups: readonly DecentlabGroup[]): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { view } = report;
    if (report.length < headerBytes) {
      report.refuse('truncated_frame', `the frame has ${report.length} bytes; expected at least the header of ${headerBytes}`);
      return;
    }
    const version = view.getUint8(0);
    if (version !== protocolVersion) {
      report.refuse('unknown_frame', `the protocol version is ${version}; expected ${protocolVersion}`);
      return;
    }
    const flags = view.getUint16(3);
    if (flags >> groups.length !== 0) {
      report.refuse('unknown_frame', `the flags are 0x${flags.toString(16)}; a ${model} has ${groups.length} sensor groups`);
      return;
    }
    const present = groups.filter((_, bit) => (flags >> bit) & 1);
    if (!hasLength(report, headerBytes + 2 * present.reduce((sum, { words }) => sum + words, 0))) return;
    report.event('empty');
    let offset = headerBytes;
    for (const { words, read } of present) {
      const start = offset;
      read((index) => view.getUint16(start + 2 * index), report);
      offset += 2 * words;
    }
  });
}
