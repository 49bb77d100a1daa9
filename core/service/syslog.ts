import { fstatSync } from 'node:fs';

/** pino's levels and the priorities of syslog for them: debug, informational, warning, error, critical. */
const priorities: Readonly<Record<string, number>> = { '10': 7, '20': 7, '30': 6, '40': 4, '50': 3, '60': 2 };

/** Whether what this process writes on standard error is read by the journal of systemd, and not by a terminal, a file or a pipe. */
export function isJournal(environment: Readonly<Record<string, string | undefined>> = process.env, descriptor = 2): boolean {
  const stream = environment['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor);
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** A line of pino with its priority before it, which the journal takes off: `journalctl -p warning` shows what is wrong. */
export function withPriority(line: string): string {
  const [, level = ''] = /^\{"level":(\d+),/.exec(line) ?? [];
  const priority = priorities[level];
  return priority === undefined ? line : `<${priority}>${line}`;
}

/** The same for a text of several lines that says why a command failed. */
export function asError(text: string): string {
  return text.replace(/^(?=.)/gm, '<3>');
}
