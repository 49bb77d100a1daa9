import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** By so much the heap may outgrow what was alive in it when it was last looked through. */
const growingPercent = 36;

/**
 * Left to itself the heap grows to several times of what it holds before it is looked through; a small machine has no room for that. Costs
 * a few per cent of processor time under full load. Nor has it a core to spare for threads that look through the heap beside the program, or
 * help it to: that costs the program more than doing it itself. To be called before anything else.
 *
 * What is made of a message is dead a moment later. While a process warms up V8 may take the places in the program where it is made for
 * ones whose objects live long, and put them among the old ones ever after, with all that they point to: in about every second process the
 * collector then had half as much work again. So it is told not to guess.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
  setFlagsFromString('--no-allocation-site-pretenuring');
  if (availableParallelism() > 2) return;
  setFlagsFromString('--no-concurrent-marking');
  setFlagsFromString('--no-parallel-scavenge');
}
