/** What a broker's answer to a batch upsert or delete means for each entity in it. Pure. Sources: ETSI GS CIM 009 5.6.7 and 6.3; Orion-LD, Coraine. */

export interface Answer {
  /** HTTP status; 0: no answer came. */
  readonly status: number;
  /** The parsed JSON body, else its text. */
  readonly body?: unknown;
  /** From `Retry-After`. */
  readonly retryAfterMs?: number;
  /** Why no answer came. */
  readonly failure?: string;
  /** True when not even a connection was made: asking again soon costs the broker nothing. */
  readonly unreached?: boolean;
  /** Trace id that the request carried (W3C Trace Context, `traceparent`). */
  readonly trace?: string;
}

export interface ItemFault {
  readonly id: string;
  readonly message: string;
}

export type Verdict =
  /** The broker looked at each entity. `apart`: it did not say clearly what became of these; send them in smaller batches. */
  | {
      readonly kind: 'perItem';
      readonly accepted: readonly string[];
      readonly refused: readonly ItemFault[];
      readonly retry: readonly ItemFault[];
      readonly apart: readonly string[];
    }
  /** The batch as a whole is refused: halve it; a single entity is refused for good. */
  | { readonly kind: 'refused'; readonly code: 'refused_by_broker' | 'too_large_for_broker'; readonly message: string }
  /** May heal by waiting. */
  | { readonly kind: 'unavailable'; readonly message: string; readonly afterMs?: number; readonly unreached?: boolean }
  /** The broker does not let us in or does not know the operation: a matter of configuration, not of the data. */
  | { readonly kind: 'denied'; readonly message: string };

const retryableStatuses = new Set([408, 425, 429]);
const deniedStatuses = new Set([401, 402, 403, 405, 407, 411, 501]);
const retryableTypes = /(InternalError|LdContextNotAvailable|TooManyResults)$/;
const tenantTypes = /(NoMultiTenantSupport|NonExistingTenant|NonexistentTenant)$/i;

/** `ids`: the entities that were sent, each once. */
export function readAnswer(answer: Answer, ids: readonly string[]): Verdict {
  const { status, body } = answer;
  if (status === 207) return readItems(body, ids);
  // An upsert creates what is missing: a 404 speaks of the operation or the tenant. A page as answer comes from another kind of server.
  if (status === 404 && field(body, 'entityId') === '')
    return { kind: 'denied', message: `the broker answered 404${describe(body)} to a batch upsert` };
  if (status === 200 && typeof body === 'string' && body.trim() !== '') {
    return { kind: 'denied', message: 'the answer is no JSON: the address is not that of an NGSI-LD broker' };
  }
  if (status >= 200 && status < 300) return { kind: 'perItem', accepted: ids, refused: [], retry: [], apart: [] };
  return readFailure(answer);
}

/** The same for a batch delete: an entity, or a whole tenant, that is not there is what was wanted. */
export function readRemoval(answer: Answer, ids: readonly string[]): Verdict {
  const { status, body } = answer;
  const isGone = status === 404 && !isServiceMissing(body);
  if (isGone) return { kind: 'perItem', accepted: ids, refused: [], retry: [], apart: [] };
  if (status !== 207) return readAnswer(answer, ids);
  const { success, errors } = (typeof body === 'object' && body !== null ? body : {}) as { success?: unknown; errors?: unknown };
  const faults: unknown[] = Array.isArray(errors) ? errors : [];
  const gone = faults.filter((entry) => isMissing(errorOf(entry))).map((entry) => field(entry, 'entityId'));
  const removed: unknown[] = Array.isArray(success) ? success : [];
  return readItems({ success: [...removed, ...gone], errors: faults.filter((entry) => !isMissing(errorOf(entry))) }, ids);
}

function isMissing(error: unknown): boolean {
  return field(error, 'status') === '404' || /ResourceNotFound$/.test(typeOf(error)) || /not found/i.test(field(error, 'title'));
}

/** An answer that speaks of the request as a whole. */
export function readFailure(answer: Answer): Exclude<Verdict, { kind: 'perItem' }> {
  const { status, body, retryAfterMs, failure, unreached } = answer;
  const message = failure ?? `the broker answered ${status}${describe(body)}`;
  const denied = deniedStatuses.has(status) || status < 400 || (status === 404 && isServiceMissing(body)) || tenantTypes.test(typeOf(body));
  const retryable = status === 0 || retryableStatuses.has(status) || status >= 500 || retryableTypes.test(typeOf(body));
  if (status !== 0 && denied) return { kind: 'denied', message };
  if (retryable) {
    return {
      kind: 'unavailable',
      message,
      ...(retryAfterMs !== undefined && { afterMs: retryAfterMs }),
      ...(unreached === true && { unreached }),
    };
  }
  return { kind: 'refused', code: status === 413 ? 'too_large_for_broker' : 'refused_by_broker', message };
}

/** Whether a 404 says that the broker has no such operation, rather than no such entity. */
export function isServiceMissing(body: unknown): boolean {
  const title = field(body, 'title');
  return /service not found/i.test(title) || (field(body, 'type') === '' && title === '' && field(body, 'entityId') === '');
}

/**
 * 207. An entity is named in `success` or `errors`; one that is in neither, or an error that names none, is unclear and sent apart.
 * Empty `errors` is full success (Orion-LD, mix of creations and updates). "Duplicated" is a remark beside success.
 */
function readItems(body: unknown, ids: readonly string[]): Verdict {
  const { success, errors } = (typeof body === 'object' && body !== null ? body : {}) as { success?: unknown; errors?: unknown };
  const succeeded = new Set(Array.isArray(success) ? success : []);
  const faults = new Map<string, unknown>();
  const nameless: unknown[] = [];
  for (const entry of Array.isArray(errors) ? errors : []) {
    const error = errorOf(entry);
    const id = field(entry, 'entityId');
    if (succeeded.has(id) && /duplicat/i.test(describe(error))) continue;
    if (ids.includes(id)) faults.set(id, error);
    else nameless.push(error);
  }
  const [only] = ids;
  if (ids.length === 1 && only !== undefined && faults.size === 0 && nameless.length > 0 && !succeeded.has(only)) {
    faults.set(only, nameless[0]);
  }
  const accepted: string[] = [];
  const apart: string[] = [];
  const refused: ItemFault[] = [];
  const retry: ItemFault[] = [];
  for (const id of ids) {
    const fault = faults.get(id);
    if (fault !== undefined) (mayHeal(fault) ? retry : refused).push({ id, message: `the broker refused it${describe(fault)}` });
    else if (succeeded.has(id) || (faults.size === 0 && nameless.length === 0)) accepted.push(id);
    else if (ids.length === 1) accepted.push(id);
    else apart.push(id);
  }
  return { kind: 'perItem', accepted, refused, retry, apart };
}

function mayHeal(error: unknown): boolean {
  const status = Number(field(error, 'status'));
  return retryableTypes.test(typeOf(error)) || retryableStatuses.has(status) || (status >= 500 && status !== 501);
}

function errorOf(entry: unknown): unknown {
  return typeof entry === 'object' && entry !== null && 'error' in entry ? entry.error : entry;
}

function typeOf(problem: unknown): string {
  return field(problem, 'type');
}

/** ` (title: detail)` of a problem, for the operator. */
function describe(problem: unknown): string {
  if (typeof problem === 'string') return problem === '' ? '' : ` (${problem.slice(0, 300)})`;
  const words = [field(problem, 'title'), field(problem, 'detail')].filter((text) => text !== '');
  return words.length === 0 ? '' : ` (${words.join(': ').slice(0, 300)})`;
}

function field(from: unknown, name: string): string {
  const value = typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
