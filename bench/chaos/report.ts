/** What a scenario came to. Pure. */
import type { Arrivals } from './recorder.ts';

/** The line on standard output. */
export interface Report {
  readonly scenario: string;
  readonly rounds: number;
  /** Messages with a PUBACK, poison included. */
  readonly sent: number;
  /** Of them those whose value the broker holds. */
  readonly delivered: number;
  /** Refused with a reason, or reported as destroyed. */
  readonly dead: number;
  /** Neither. */
  readonly lost: number;
  /** Values that the broker took more than once. */
  readonly duplicated: number;
  /** Values given to the present state after newer ones, and entities whose final state is not their newest. */
  readonly outOfOrder: number;
  /** Longest time from the end of a fault to the first new value at the broker. */
  readonly recoverS: number;
  /** Of the largest `klavze up`. */
  readonly peakRssMb: number;
}

/** What was found for one tenant. */
export interface Finding {
  /** Measurements that should have arrived. */
  readonly expected: readonly number[];
  /** What the broker holds of them: its history, or where it gives none, what it was seen to take. */
  readonly holds: (n: number) => boolean;
  readonly arrivals: Arrivals;
  readonly stale: readonly string[];
  /** Messages that had to be refused, and how many of them are in the dead letters. */
  readonly poison: { readonly sent: number; readonly kept: number };
  /** Measurements that were destroyed from outside and reported as such. */
  readonly reported: ReadonlySet<number>;
}

export interface Measured {
  readonly rounds: number;
  readonly recoverS: number;
  readonly peakRssMb: number;
}

/** Adds up the findings of all tenants. */
export function reportOf(scenario: string, findings: readonly Finding[], measured: Measured): Report {
  const sum = (count: (finding: Finding) => number): number => findings.reduce((total, finding) => total + count(finding), 0);
  const held = (finding: Finding): number => finding.expected.filter((n) => finding.holds(n)).length;
  const reported = (finding: Finding): number => finding.expected.filter((n) => !finding.holds(n) && finding.reported.has(n)).length;
  const sent = sum(({ expected, poison }) => expected.length + poison.sent);
  const delivered = sum(held);
  const dead = sum(({ poison }) => Math.min(poison.kept, poison.sent)) + sum(reported);
  return {
    scenario,
    rounds: measured.rounds,
    sent,
    delivered,
    dead,
    lost: sent - delivered - dead,
    duplicated: sum(({ arrivals }) => arrivals.duplicated),
    outOfOrder: sum(({ arrivals, stale }) => arrivals.outOfOrder + stale.length),
    recoverS: Math.round(measured.recoverS * 10) / 10,
    peakRssMb: measured.peakRssMb,
  };
}

/** Table of docs/reliability.md: one row a scenario in the `order` of their names, those of other runs are kept. */
export function mergeRow(table: string, row: readonly (string | number)[], order: readonly string[] = []): string {
  const line = `| ${row.join(' | ')} |`;
  const rows = table.split('\n').filter((each) => each.startsWith('| `'));
  const place = rows.findIndex((each) => each.startsWith(`| ${row[0]} `));
  if (place === -1) rows.push(line);
  else rows[place] = line;
  const placeOf = (each: string): number => order.indexOf(/^\| `([^`]+)`/.exec(each)?.[1] ?? '');
  return rows.toSorted((one, other) => placeOf(one) - placeOf(other)).join('\n');
}
