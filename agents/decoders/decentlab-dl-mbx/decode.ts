import { decentlabBattery, readDecentlab, type DecentlabGroup, type FrameOutcome, type Uplink } from '#core';

/** The farthest model measures to 10 m. */
const farthest = 10;

const groups: readonly DecentlabGroup[] = [
  {
    words: 2,
    read(word, report) {
      // Without one valid sample the distance is what the last echo left behind.
      if (word(1) === 0) report.refuse('invalid_value', 'there is no distance: no sample was valid');
      else report.measured('distance', word(0) / 1000, [0.001, farthest]);
    },
  },
  decentlabBattery,
];

/** Distance with the number of valid samples, and battery. Refusals as `readDecentlab`, and `invalid_value` for a distance without echo. */
export function decode(uplink: Uplink): FrameOutcome {
  return readDecentlab(uplink, 'DL-MBX', groups);
}
