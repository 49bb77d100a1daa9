import type { Calibration, Device, Reading } from '../plugin.ts';

/** Readings of a device after the corrections of its registry entry; the first correction valid at the reading's moment counts. */
export function calibrate(readings: readonly Reading[], { calibration = [] }: Device): readonly Reading[] {
  if (calibration.length === 0) return readings;
  return readings.map((reading) => {
    const correction = calibration.find((one) => one.quantity === reading.quantity && isValid(one, reading.observedAt));
    if (correction === undefined) return reading;
    return { ...reading, value: rounded(reading.value * (correction.factor ?? 1) + (correction.offset ?? 0)) };
  });
}

function isValid({ validFrom, validTo }: Calibration, moment: string): boolean {
  return (validFrom === undefined || moment >= validFrom) && (validTo === undefined || moment < validTo);
}

/** 0.1 + 0.2 is 0.3: without the noise of binary fractions. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
