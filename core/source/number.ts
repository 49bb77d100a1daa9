/**
 * A decimal number as people and registers write it: digits with at most one dot or comma as the decimal mark and an optional sign.
 * Undefined for anything else, also for `1e3`, `0x10`, `NaN` and thousands separators.
 */
export function decimal(text: string): number | undefined {
  return /^[+-]?\d{1,15}(?:[.,]\d{1,15})?$/.test(text) ? Number(text.replace(',', '.')) : undefined;
}
