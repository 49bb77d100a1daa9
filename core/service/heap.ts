import { setFlagsFromString } from 'node:v8';

/** By so much the heap may outgrow what was alive in it when it was last looked through. */
const growingPercent = 36;

/**
 * Left to itself the heap grows to several times of what it holds before it is looked through; a small machine has no room for that. Costs
 * a few per cent of processor time under full load. To be called before anything else.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
}
