import { err, localInstant, ok, reject, type Instant, type Result } from '#core';
import { dataset } from './dataset.ts';
import type { FigureRecord } from './record.ts';

export interface Period extends Pick<FigureRecord, 'from' | 'to' | 'frequency'> {
  /** For the indicator's name. */
  readonly rhythm: string;
  readonly observedAt: Instant;
}

/** How periods are written: 2018, 2025H1, 2008Q1, 2020M01, 2020M01D05. */
export const periodForm = /\b(\d{4})(?:H([12])|Q([1-4])|M(0?[1-9]|1[0-2])(?:D(\d{1,2}))?)?(?![\dA-Z])/;

const months = { yearly: 12, 'half-yearly': 6, quarterly: 3, monthly: 1 } as const;

/**
 * A period of SiStat with the moment when it was over. What is counted on a day (`isState`: population) is, in half-years, the state at the
 * beginning: 1 January or 1 July.
 */
export function periodOf(text: string, isState: boolean, pointer: string): Result<Period> {
  const parts = periodForm.exec(text);
  if (parts === null) {
    return err(reject('decode', 'invalid_time', `the period is "${text}"; expected one such as 2018, 2025H1, 2008Q1 or 2020M01`, pointer));
  }
  const [, year = '', half, quarter, month, day] = parts;
  const rhythm = day ? 'daily' : month ? 'monthly' : quarter ? 'quarterly' : half ? 'half-yearly' : 'yearly';
  const start = month ? Number(month) : quarter ? Number(quarter) * 3 - 2 : half ? Number(half) * 6 - 5 : 1;
  const from = date(Number(year), start, Number(day ?? 1));
  const next = rhythm === 'daily' ? date(Number(year), start, Number(day) + 1) : date(Number(year), start + months[rhythm], 1);
  const isMoment = isState && rhythm === 'half-yearly';
  const observedAt = localInstant(`${isMoment ? from : next} 00:00`, dataset.timezone, pointer);
  if (!observedAt.ok) return observedAt;
  const to = isMoment ? from : dayBefore(next);
  return ok({ from, to, rhythm, observedAt: observedAt.value, ...(rhythm !== 'half-yearly' && { frequency: rhythm }) });
}

/** The day, also beyond the last one of its month or the last month of its year. */
function date(year: number, month: number, day: number): string {
  return new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
}

function dayBefore(day: string): string {
  const [year = 0, month = 0, date_ = 0] = day.split('-').map(Number);
  return date(year, month, date_ - 1);
}
