import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** By so much the heap may outgrow what was alive in it when it was last looked through. */
const growingPercent = 36;

/**
 * Left to itself the heap grows to several times of what it holds before it is looked through; a small machine has no room for that. Costs
 * a few per cent of processor time under full load. Nor has it a core to spare for threads that look through the heap beside the program,
 * which costs the program more than doing it itself. To be called before anything else.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  if (availableParallelism() <= 2) setFlagsFromString('--no-concurrent-marking');
}
