import { decentlabBattery, readDecentlab, type DecentlabGroup, type FrameOutcome, type Uplink } from '#core';

/** The laser reaches 40 m. */
const farthest = 40;

const groups: readonly DecentlabGroup[] = [
  {
    // Average, least, greatest, median, four percentiles and the most frequent distance; samples, time they took.
    words: 11,
    read(word, report) {
      if (word(9) === 0) report.refuse('invalid_value', 'there is no distance: no sample was taken');
      else report.measured('distance', word(3) / 1000, [0.001, farthest]);
    },
  },
  decentlabBattery,
];

/** Statistics of the distance, and battery; the median is taken. Refusals as `readDecentlab`, and `invalid_value` for a distance without samples. */
export function decode(uplink: Uplink): FrameOutcome {
  return readDecentlab(uplink, 'DL-LID', groups);
}
