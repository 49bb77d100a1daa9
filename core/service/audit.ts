import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';

import type { Instant } from '../plugin.ts';
import { shown } from './hidden.ts';

/** One action that changed something, by whom. */
export interface AuditEntry {
  /** `device.add`, `provisioning.create`, `command.send`, `replay`, `share.apply`, … */
  readonly action: string;
  /** `user:<name>` at the command line, `http:<address>` for requests, `file` for a file that was changed. */
  readonly actor: string;
  /** Ids of what was changed. */
  readonly of?: readonly string[];
  /** What a person should know beyond that; no values of measurements, no secrets. */
  readonly detail?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** Append-only: who changed devices and provisioning, sent commands, replayed and shared. */
export type Audit = (entry: AuditEntry) => void;

export interface AuditOptions {
  readonly folder: string;
  readonly clock: () => Instant;
  readonly logger?: Logger;
  /** A file that is larger is put aside. Default 10 MB. */
  readonly bytes?: number;
  /** So many of those are kept. Default 9. */
  readonly files?: number;
}

const name = 'audit.ndjson';
/** Ids in one line; the count stands there too. */
const mostIds = 100;

/**
 * Writes one JSON object a line to `audit.ndjson` in the data folder, for its owner only, also from several processes at the same time.
 * A full file becomes `audit.1.ndjson`, and so on. An entry that cannot be written is logged, and what was done stays done.
 */
export function openAudit({ folder, clock, logger, bytes = 10_000_000, files = 9 }: AuditOptions): Audit {
  const path = join(folder, name);
  return ({ action, actor, of = [], detail }) => {
    const ids = of.length > mostIds ? { of: of.slice(0, mostIds), count: of.length } : of.length > 0 ? { of } : {};
    const line = shown(JSON.stringify({ at: clock(), actor, action, ...ids, ...(detail !== undefined && { detail }) }));
    try {
      mkdirSync(folder, { recursive: true });
      if (existsSync(path) && statSync(path).size >= bytes) rotate(folder, files);
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      logger?.error({ err: error, action, actor }, 'the audit log cannot be written');
    }
  };
}

/** Who sits at the command line: behind sudo the person, not root. */
export function commandActor(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const behind = environment['SUDO_USER'];
  if (behind !== undefined && behind !== '') return `user:${behind}`;
  try {
    return `user:${userInfo().username}`;
  } catch {
    // A container may run under a number that has no name.
    return `user:${process.getuid?.() ?? 'unknown'}`;
  }
}

/** By which a changed configuration is seen; tells nothing of secrets. */
export function fingerprint(config: object): string {
  return createHash('sha256')
    .update(shown(JSON.stringify(config)))
    .digest('hex')
    .slice(0, 16);
}

function rotate(folder: string, files: number): void {
  const at = (index: number): string => join(folder, index === 0 ? name : `audit.${index}.ndjson`);
  rmSync(at(files), { force: true });
  for (let index = files - 1; index >= 0; index--) if (existsSync(at(index))) renameSync(at(index), at(index + 1));
}
