import type { FrameReport, Instant } from '#core';

/** Upper three bits of the status: one condition at a time. */
const conditions: Readonly<Record<number, string | undefined>> = {
  0x20: 'leakAlarm',
  0x60: 'backflowAlarm',
  0x80: 'freezeAlarm',
  0xa0: 'burstAlarm',
};

/** Status byte of a register. */
export function readStatus(report: FrameReport, status: number, at: Instant): void {
  const condition = status & 0xe0;
  report.measured('lowBatteryAlarm', bit(status, 0x04), undefined, at);
  report.measured('faultAlarm', bit(status, 0x08), undefined, at);
  if (condition !== 0 && conditions[condition] === undefined) {
    report.refuse('invalid_value', `the status is 0x${status.toString(16)}; its upper bits stand for no documented condition`);
    return;
  }
  // Beside another condition the bit is a passing fault of the measurement, not an empty pipe.
  report.measured('dryAlarm', condition === 0 ? bit(status, 0x10) : 0, undefined, at);
  for (const [code, quantity] of Object.entries(conditions)) {
    if (quantity !== undefined) report.measured(quantity, Number(code) === condition ? 1 : 0, undefined, at);
  }
}

const alarms: readonly (readonly [quantity: string, mask: number])[] = [
  ['leakAlarm', 0x01],
  ['burstAlarm', 0x02],
  ['freezeAlarm', 0x04],
  ['tamperAlarm', 0x08],
  ['backflowAlarm', 0x20],
];

/** Bits of an alarm message; 0 says that all is over. */
export function readAlarms(report: FrameReport, bits: number, at: Instant): void {
  for (const [quantity, mask] of alarms) report.measured(quantity, bit(bits, mask), undefined, at);
}

function bit(value: number, mask: number): number {
  return (value & mask) === 0 ? 0 : 1;
}
