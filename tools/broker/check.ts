/** How a check ends. */
import type { Room } from './room.ts';

/**
 * `ok`; `differs`: allowed, Klavže lives with it in the way that is told; `failed`: measurements would be lost, stuck or wrong;
 * `skipped`: could not be tried from here.
 */
export type Result = 'ok' | 'differs' | 'failed' | 'skipped';

export interface Outcome {
  readonly name: string;
  readonly result: Result;
  /** What was seen, unless it is ok. */
  readonly detail?: string;
}

export interface Check {
  readonly name: string;
  /** True: the broker must be able to reach this process. */
  readonly needsReceiver?: true;
  /** Gives what differs. @throws {Unfit} where the broker does not do what is needed. */
  run(room: Room): Promise<string | undefined>;
}

/** The broker does not do what is needed. */
class Unfit extends Error {
  override readonly name = 'Unfit';
}

export function must(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Unfit(message);
}

/** A value for a message, not too long. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

export async function tryChecks(checks: readonly Check[], room: Room): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const check of checks) outcomes.push(await tryOne(check, room));
  return outcomes;
}

async function tryOne({ name, needsReceiver, run }: Check, room: Room): Promise<Outcome> {
  if (needsReceiver === true && room.receiver === undefined)
    return { name, result: 'skipped', detail: 'the broker must reach this machine: give its address as --receiver http://HOST:PORT' };
  try {
    const detail = await run(room);
    return detail === undefined ? { name, result: 'ok' } : { name, result: 'differs', detail };
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return { name, result: 'failed', detail: error.message };
  }
}
