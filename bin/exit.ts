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
  return exitCodes.software;
}
