import type { FrameReport, Instant } from '#core';

const range = [-200, 850] as const;

/**
 * An external sensor of `kind` (user manual, "Ext"): live frames have room for four bytes from `offset`, stored entries for two.
 * Kinds 9 and 10 are 1 and 2 with a clock; 16 and 32 are 11 and 2 that tell their number.
 */
export function readExternal(report: FrameReport, kind: number, offset: number, place: 'live' | 'entry', at: Instant): void {
  const { view } = report;
  const isWhole = place === 'live';
  switch (kind) {
    case 1:
    case 2:
    case 9:
    case 10:
    case 11:
    case 12:
    case 16:
    case 32: {
      const hundredths = view.getInt16(offset);
      if (hundredths !== 0x7fff) report.measured('probeTemperature', hundredths / 100, range, at);
      if ((kind === 11 || kind === 16) && isWhole && hundredths !== 0x7fff) {
        report.measured('probeHumidity', (view.getUint16(offset + 2) & 0xfff) / 1000, [0, 1], at);
      }
      return;
    }
    case 4:
      report.measured('digitalInput', view.getUint8(offset) === 0 ? 0 : 1, undefined, at);
      return;
    case 5:
      report.measured('illuminance', view.getUint16(offset), undefined, at);
      return;
    case 7:
      report.measured('pulseTotal', view.getUint16(offset), undefined, at);
      return;
    case 8:
      // An entry keeps the low half of the counter only.
      if (isWhole) report.measured('pulseTotal', view.getUint32(offset), undefined, at);
      return;
    case 0:
    case 6:
    case 14:
    case 15:
      return;
    default:
      report.refuse('unknown_frame', `the external sensor is of kind ${kind}, which the LHT65N does not have`);
  }
}
