import type { Instant } from '../plugin.ts';
import { runAdapter, type AdapterRun, type KeptFile } from './dataset.ts';
import type { Ledger, Trigger } from './ledger.ts';
import { rejectsFolder } from './rejects.ts';
import { nothing, type RunReport } from './report.ts';

/** Where runs are kept: the ledger, and the data folder for their refused rows. */
export interface Records {
  readonly ledger: Ledger;
  readonly dataDir: string;
  /** The journal, where files are kept to be read once more. */
  readonly keep?: ((file: KeptFile) => void) | undefined;
}

/** What is not said of the memory of a run: a complete snapshot, refused when more than half of it is gone. */
export interface MemoryChoice {
  readonly isComplete?: 'yes' | 'no';
  readonly onShrink?: 'refuse' | 'accept';
}

/** A run of an adapter that is kept in the ledger, also when it fails; then it rejects as `runAdapter` does. */
export async function recordedRun(
  run: Omit<AdapterRun, 'memory'>,
  { ledger, dataDir, keep }: Records,
  trigger: Trigger,
  { isComplete = 'yes', onShrink = 'refuse' }: MemoryChoice = {},
): Promise<RunReport> {
  const { adapter, clock } = run;
  const memory = { ledger, rejects: rejectsFolder(dataDir, adapter.name), isComplete, onShrink };
  const at = clock();
  return recorded(ledger, trigger, at, clock, fromOf(run), adapter, () => runAdapter({ ...run, memory, keep }));
}

/** Keeps what `work` reports as a run that began at `at`. */
export async function recorded(
  ledger: Ledger,
  trigger: Trigger,
  at: Instant,
  clock: () => Instant,
  from: string,
  adapter: { readonly name: string },
  work: () => Promise<RunReport>,
): Promise<RunReport> {
  try {
    const report = await work();
    ledger.record({ at, endedAt: clock(), trigger, report });
    return report;
  } catch (error) {
    ledger.record({ at, endedAt: clock(), trigger, report: nothing(adapter, from, 'failed', String(error)) });
    throw error;
  }
}

function fromOf({ input, adapter }: Omit<AdapterRun, 'memory'>): string {
  return input.kind !== 'fetch' ? input.name : (input.url ?? adapter.dataset.url);
}
