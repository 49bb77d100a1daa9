import type { ErrorRequestHandler, Response } from 'express';
import { sendText } from './http/text.ts';
import type { Profile } from './types.ts';

const ERRORS = 'https://uri.etsi.org/ngsi-ld/errors/';

/** ETSI GS CIM 009, table 6.3.2-1: error type and its HTTP status. */
const STATUS = {
  InvalidRequest: 400,
  BadRequestData: 400,
  AlreadyExists: 409,
  Conflict: 409,
  OperationNotSupported: 422,
  ResourceNotFound: 404,
  InternalError: 500,
  TooComplexQuery: 403,
  TooManyResults: 403,
  LdContextNotAvailable: 504,
  NoMultiTenantSupport: 501,
  NonexistentTenant: 404,
  LoopDetected: 508,
} as const;

export type ProblemType = keyof typeof STATUS;

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly detail?: string;
  readonly status: number;
}

/** A refusal that reaches the client as ProblemDetails (RFC 7807). */
export class Problem extends Error {
  readonly type: ProblemType;
  readonly title: string;
  readonly detail: string | undefined;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    type: ProblemType,
    title: string,
    detail?: string,
    options: { status?: number; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail === undefined ? title : `${title}: ${detail}`, { cause: options.cause });
    this.name = 'Problem';
    this.type = type;
    this.title = title;
    this.detail = detail;
    this.status = options.status ?? STATUS[type];
    this.headers = options.headers ?? {};
  }
}

/** Orion-LD writes this one type differently. */
function typeUri(type: ProblemType, profile: Profile): string {
  return ERRORS + (profile === 'orion' && type === 'NonexistentTenant' ? 'NonExistingTenant' : type);
}

export function problemDetails(problem: Problem, profile: Profile): ProblemDetails {
  return {
    type: typeUri(problem.type, profile),
    title: problem.title,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    // Orion-LD answers as the specification did before 1.6.
    status: profile === 'orion' && problem.type === 'LdContextNotAvailable' ? 503 : problem.status,
  };
}

/** Any thrown value as a problem; `undefined` for what is a fault of the broker itself. */
export function asProblem(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  // Reading goes as deep as the JSON does.
  if (error instanceof RangeError && /call stack/.test(error.message)) return new Problem('BadRequestData', 'Nested too deep');
  if (typeof error !== 'object' || error === null || !('status' in error) || !('type' in error)) return undefined;
  if (error.type === 'entity.too.large') {
    return new Problem('BadRequestData', 'Request Entity too large', 'the body exceeds the limit of this broker', { status: 413 });
  }
  const status = Number(error.status);
  if (status < 400 || status > 499) return undefined;
  return new Problem('InvalidRequest', 'Invalid request', error instanceof Error ? error.message : undefined, { status });
}

export function sendProblem(res: Response, problem: Problem, profile: Profile): void {
  const { status, ...details } = problemDetails(problem, profile);
  // Orion-LD leaves `status` out at the top level.
  sendText(
    res.status(status).set(problem.headers),
    'application/json',
    JSON.stringify(profile === 'orion' ? details : { ...details, status }),
  );
}

export function problemMiddleware(profile: Profile, log: (error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    if (res.headersSent) return next(error);
    const problem = asProblem(error) ?? decodingProblem(error);
    if (problem === undefined) log(error);
    sendProblem(res, problem ?? new Problem('InternalError', 'Internal error', 'the broker failed; its log tells more'), profile);
  };
}

/** The router refuses a path with broken percent-encoding. */
function decodingProblem(error: unknown): Problem | undefined {
  return error instanceof URIError ? new Problem('BadRequestData', 'Invalid path', error.message) : undefined;
}
