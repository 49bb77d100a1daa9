import { decentlabBattery, readDecentlab, type DecentlabGroup, type FrameOutcome, type Uplink } from '#core';

/** The dust group: one word each, what it says and its divisor. */
const dust: readonly (readonly [quantity: string, divisor: number])[] = [
  ['pm1', 10],
  ['pm25', 10],
  ['pm4', 10],
  ['pm10', 10],
  ['typicalParticleSize', 1000],
  ['particleNumber05', 10],
  ['particleNumber1', 10],
  ['particleNumber25', 10],
  ['particleNumber4', 10],
  ['particleNumber10', 10],
];

const groups: readonly DecentlabGroup[] = [
  decentlabBattery,
  {
    words: dust.length,
    read: (word, report) => dust.forEach(([quantity, divisor], index) => report.measured(quantity, word(index) / divisor)),
  },
  {
    words: 2,
    // Sensirion SHT2x; its humidity may run over either end by some percent, which its data sheet says to cut.
    read(word, report) {
      report.measured('airTemperature', (175.72 * word(0)) / 65536 - 46.85);
      report.measured('relativeHumidity', Math.min(1, Math.max(0, ((125 * word(1)) / 65536 - 6) / 100)));
    },
  },
  // The word counts units of 2 Pa.
  { words: 1, read: (word, report) => report.measured('atmosphericPressure', (word(0) * 2) / 100) },
];

/** Battery, dust, air and pressure as Decentlab's protocol has them. Refusals as `readDecentlab`. */
export function decode(uplink: Uplink): FrameOutcome {
  return readDecentlab(uplink, 'DL-PM', groups);
}
