import type { Adapter, Instant } from '../plugin.ts';
import type { RejectionCode } from '../rejection.ts';
import type { Drift } from './drift.ts';
import type { VanishedCounts } from './vanished.ts';

/** What one run came to. `received × fan-out = entities + rejections`, and `received + filtered` rows stood in the file. */
export interface RunReport {
  readonly adapter: string;
  /** File name or URL. */
  readonly from: string;
  /** `failed`: a defect of the disk or of Klavže itself; the next run tries again. */
  readonly outcome: 'published' | 'unchanged' | 'unavailable' | 'refused' | 'failed';
  /** Rows of the wanted stations; 1 when the dataset was refused as a whole. */
  readonly received: number;
  /** Rows of other stations, or of other days, left out. */
  readonly filtered: number;
  readonly entities: number;
  readonly rejections: number;
  /** Rejections by their code, where there are any. */
  readonly codes?: Readonly<Partial<Record<RejectionCode, number>>>;
  /** Why the dataset was unavailable or refused as a whole. */
  readonly reason?: string;
  readonly retryAfterMs?: number;
  /** Moment of the newest measurement. */
  readonly newest?: Instant;
  /** Columns that appeared, vanished or came back since the last file; each is named once. */
  readonly drift?: Drift;
  /** Rows that are gone from the source since its last complete snapshot. */
  readonly vanished?: VanishedCounts;
  /** The file with the refused rows, see `klavze adapter resubmit`. */
  readonly rejects?: string;
}

/** A run that took nothing in. */
export function nothing({ name }: Pick<Adapter, 'name'>, from: string, outcome: RunReport['outcome'], reason?: string): RunReport {
  return { adapter: name, from, outcome, received: 0, filtered: 0, entities: 0, rejections: 0, ...(reason !== undefined && { reason }) };
}

/** Several addresses as one report: what was published counts more than what was not to be had, and a reason is kept in any case. */
export function summary(reports: readonly RunReport[]): RunReport {
  const [first, ...others] = reports;
  return others.reduce(sum, first as RunReport);
}

const weight: readonly RunReport['outcome'][] = ['published', 'refused', 'unavailable', 'failed', 'unchanged'];

function sum(one: RunReport, other: RunReport): RunReport {
  const [main, beside] = weight.indexOf(one.outcome) <= weight.indexOf(other.outcome) ? [one, other] : [other, one];
  const reason = main.reason ?? beside.reason;
  const newest = [one.newest, other.newest]
    .filter((moment) => moment !== undefined)
    .sort()
    .at(-1);
  const retryAfterMs = Math.max(one.retryAfterMs ?? 0, other.retryAfterMs ?? 0);
  const codes = sumOf(one.codes ?? {}, other.codes ?? {});
  const rejects = one.rejects ?? other.rejects;
  const drift = [one.drift, other.drift].filter((drift) => drift !== undefined).reduce<Drift | undefined>(union, undefined);
  const vanished = [one.vanished, other.vanished]
    .filter((counts) => counts !== undefined)
    .reduce<VanishedCounts | undefined>(added, undefined);
  return {
    ...main,
    received: one.received + other.received,
    filtered: one.filtered + other.filtered,
    entities: one.entities + other.entities,
    rejections: one.rejections + other.rejections,
    ...(Object.keys(codes).length > 0 && { codes }),
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs > 0 && { retryAfterMs }),
    ...(newest !== undefined && { newest }),
    ...(drift !== undefined && { drift }),
    ...(vanished !== undefined && { vanished }),
    ...(rejects !== undefined && { rejects }),
  };
}

function sumOf(one: Readonly<Partial<Record<string, number>>>, other: Readonly<Partial<Record<string, number>>>): Record<string, number> {
  const codes = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(codes.map((code) => [code, (one[code] ?? 0) + (other[code] ?? 0)]));
}

function union(one: Drift | undefined, other: Drift): Drift {
  if (one === undefined) return other;
  const both = (key: keyof Drift): string[] => [...new Set([...one[key], ...other[key]])];
  return { appeared: both('appeared'), missing: both('missing'), returned: both('returned') };
}

function added(one: VanishedCounts | undefined, other: VanishedCounts): VanishedCounts {
  if (one === undefined) return other;
  return { ...one, rows: one.rows + other.rows, entities: one.entities + other.entities, returned: one.returned + other.returned };
}
