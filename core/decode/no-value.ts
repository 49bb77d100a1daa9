/** All ones and the end of the range of 32 bits: a number that was never measured, whatever the quantity. */
const anywhere: ReadonlySet<number> = new Set([0x7f_ff_ff_ff, -0x80_00_00_00, 0xff_ff_ff_ff]);

/** Ends of the range of 16 bits, with the decimals that codecs give them, and what firmware writes for "none", by unit of the quantity. */
const byUnit: Readonly<Record<string, ReadonlySet<number>>> = {
  '°C': new Set([
    -127, 327.67, 327.68, -327.68, 3276.7, -3276.8, 655.35, 6553.5, 32_767, -32_768, 65_535, 999, 999.9, 9999, -999, -999.9, -9999,
  ]),
  ppm: new Set([-1, 32_767, 65_535]),
  'µg/m³': new Set([-1, 6553.5, 32_767, 65_535]),
  '0..1': new Set([255, 655.35, 6553.5, 65_535]),
  m: new Set([65_533, 65_534, 65_535]),
};

/** Whether a number as the device wrote it stands for "no value" of a quantity in `unit`. */
export function isNoValue(written: number, unit: string): boolean {
  return anywhere.has(written) || (Object.hasOwn(byUnit, unit) && byUnit[unit]?.has(written) === true);
}
