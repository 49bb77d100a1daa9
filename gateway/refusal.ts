const errors = 'https://uri.etsi.org/ngsi-ld/errors/';

/** An answer that is no data, as ProblemDetails (ETSI GS CIM 009, 6.3.2). It says nothing of what the broker holds. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly status: number,
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${title}: ${detail}`);
  }

  /** As it is sent. */
  body(): string {
    return JSON.stringify({ type: `${errors}${this.kind}`, title: this.title, detail: this.detail, status: this.status });
  }
}

/** The request is not understood, or holds what this gateway does not pass on. */
export function notUnderstood(detail: string): Refusal {
  return new Refusal(400, 'BadRequestData', 'Not understood', detail);
}

/** Named is what this caller may not read. Unknown names get the same words: nobody learns which exist. */
export function notReadable(what: string, level: string): Refusal {
  const detail = `${what} cannot be read at the level "${level}"; docs/access.md lists what can, a token may give more`;
  return new Refusal(403, 'OperationNotSupported', 'Not at this level', detail);
}

/** Missing, or not for this caller: both look the same. */
export function notFound(): Refusal {
  return new Refusal(404, 'ResourceNotFound', 'Not found', 'there is none, or it cannot be read at this level');
}
