/** A broken world, sorted by what the caller should do about it. Bad data is never an exception: see `rejection.ts`. */

/** The configuration cannot work: stop at start with exit code 78 and list every fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    message: string,
    readonly faults: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super([message, ...faults.map((fault) => `  - ${fault}`)].join('\n'), options);
  }
}

/** Something outside is away for now: back off and try again, `afterMs` if it said when. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  constructor(
    message: string,
    readonly afterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** This plug-in cannot go on; the others do. */
export class FatalError extends Error {
  override readonly name = 'FatalError';
}
