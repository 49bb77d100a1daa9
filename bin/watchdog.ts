import { spawn } from 'node:child_process';

/** So long this process may be deaf before systemd ends it and starts it anew; the unit may say otherwise (`WatchdogSec=`). */
const patienceMicroseconds = 600_000_000;

/** Of a pino logger. */
type Log = Readonly<Record<'warn', (of: object, text: string) => void>>;

/**
 * Tells systemd from time to time that the event loop still turns, for nobody else looks at `/health/live` there; elsewhere nothing is
 * done. Begin it when everything runs: bringing over a large outbox may take longer than the patience. Node has no datagrams to a file,
 * so `systemd-notify` speaks; the unit needs `NotifyAccess=all`. Gives what ends it.
 */
export function keepWatched(environment: Readonly<Record<string, string | undefined>>, log: Log): () => void {
  if (environment['NOTIFY_SOCKET'] === undefined) return () => undefined;
  const asked = Number(environment['WATCHDOG_USEC']);
  const patience = asked > 0 ? asked : patienceMicroseconds;
  let isTold = false;
  const tell = (...words: readonly string[]): void => {
    const child = spawn('systemd-notify', words, { stdio: 'ignore', env: environment });
    const failed = (reason: string): void => {
      if (!isTold) log.warn({ reason }, 'systemd cannot be told that klavze works: should it hang, it may not be started anew');
      isTold = true;
    };
    child.once('error', ({ message }) => failed(message));
    child.once('exit', (code) => (code === 0 ? (isTold = false) : failed(`systemd-notify ended with ${code}`)));
    child.unref();
  };
  tell(`WATCHDOG_USEC=${patience}`, 'WATCHDOG=1');
  const timer = setInterval(() => tell('WATCHDOG=1'), patience / 1_000 / 4).unref();
  return () => clearInterval(timer);
}
