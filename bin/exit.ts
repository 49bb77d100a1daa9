import { userInfo } from 'node:os';

import { ConfigError, RetryableError } from '../core/errors.ts';

/** Exit codes that operators' scripts rely on (sysexits). */
export const exitCodes = { fine: 0, usage: 64, dataRefused: 65, unavailable: 69, software: 70, configuration: 78 } as const;

/** A command ended otherwise than fine, with what to tell. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** The exit code of whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandFailure) return error.exitCode;
  if (error instanceof ConfigError) return exitCodes.configuration;
  if (error instanceof RetryableError) return exitCodes.unavailable;
  if (notAllowed(error) !== undefined) return exitCodes.configuration;
  if (isFull(error)) return exitCodes.unavailable;
  return exitCodes.software;
}

/** A disk without room: no defect, and it heals. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].includes((error as { code?: string } | null)?.code ?? '');
}

/** What the system did not allow, in words; undefined for other errors. A command run as the wrong user is no defect. */
export function notAllowed(error: unknown): string | undefined {
  const { code, path } = (typeof error === 'object' && error !== null ? error : {}) as NodeJS.ErrnoException;
  if (path === undefined || (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS')) return undefined;
  return `the user ${userInfo().username} may not use ${path} (${code}); run the command as the user of the service, and let that user write there`;
}
