import { pino, type Logger } from 'pino';

import { shown } from './hidden.ts';
import { isJournal, withPriority } from './syslog.ts';

export type { Logger };

/** JSON lines on standard error: standard output belongs to a command's result. Secrets are redacted by name, and those of the configuration wherever they stand. `sink`: for tests. */
export function createLogger(level: string, sink: { write(line: string): void } = standardError()): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: ['password', 'token', 'authorization', '*.password', '*.token', '*.authorization'], censor: '[secret]' },
    },
    { write: (line: string) => sink.write(shown(line)) },
  );
}

/** Where it is the journal of systemd, each line has its priority. */
function standardError(): { write(line: string): void } {
  const stream = pino.destination({ dest: 2, sync: true });
  return isJournal() ? { write: (line) => void stream.write(withPriority(line)) } : stream;
}
