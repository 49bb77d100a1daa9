import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { Logger } from 'pino';

/** One request: who asked for what, and what came of it. Never a token. */
export interface AuditLine {
  readonly at: string;
  readonly level: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly client?: string;
  /** Without a token: the network, not the host. */
  readonly network?: string;
  readonly method: string;
  readonly path: string;
  /** Parameters and body, cut where they are long. */
  readonly asked?: string;
  readonly status: number;
  readonly outcome: string;
  readonly entities?: number;
  readonly ms: number;
}

export interface Audit {
  write(line: AuditLine): void;
  /** False while lines cannot be kept: then nothing but open data leaves. */
  readonly writable: boolean;
  close(): void;
}

/**
 * A file a day, `gateway-2026-05-01.ndjson`, written line by line before the answer leaves; files older than `days` go.
 * A disk that is full is tried again with the next line.
 */
export function openAudit(folder: string, days: number, logger: Logger): Audit {
  mkdirSync(folder, { recursive: true });
  let file: { readonly day: string; readonly fd: number } | undefined;
  let writable = true;

  function open(day: string): number {
    if (file?.day === day) return file.fd;
    if (file !== undefined) closeSync(file.fd);
    file = undefined;
    const fd = openSync(join(folder, `gateway-${day}.ndjson`), 'a', 0o640);
    file = { day, fd };
    forget(folder, day, days);
    return fd;
  }

  const audit = {
    write(line: AuditLine) {
      try {
        writeSync(open(line.at.slice(0, 10)), `${JSON.stringify(line)}\n`);
        writable = true;
      } catch (error) {
        if (writable) logger.error({ error, folder }, 'the audit log of the gateway cannot be written; only open data can be read');
        writable = false;
      }
    },
    get writable() {
      return writable;
    },
    close() {
      if (file !== undefined) closeSync(file.fd);
      file = undefined;
    },
  };
  return audit;
}

function forget(folder: string, today: string, days: number): void {
  const oldest = new Date(Date.parse(today) - days * 86_400_000).toISOString().slice(0, 10);
  for (const name of readdirSync(folder)) {
    const day = /^gateway-(\d{4}-\d{2}-\d{2})\.ndjson$/.exec(name)?.[1];
    if (day !== undefined && day < oldest) rmSync(join(folder, name), { force: true });
  }
}
