import { createRemoteJWKSet, customFetch, decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';

import type { AccessLevel } from '../core/entity/models.ts';
import { accessLevels } from '../core/entity/models.ts';
import { Refusal } from './refusal.ts';

/** An OpenID Connect provider whose tokens count here. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: string;
  /** Left out: found by the provider's discovery document. */
  readonly jwksUrl?: string;
  readonly algorithms: readonly string[];
  /** Claim with roles or scopes: its own name, or a path with dots. */
  readonly claim: string;
  /** The words in the claim that give a level. */
  readonly levels: Readonly<Partial<Record<Exclude<AccessLevel, 'open'>, readonly string[]>>>;
}

/** Who asks, as far as a token says it. */
export interface Caller {
  readonly level: AccessLevel;
  readonly issuer?: string;
  readonly subject?: string;
  readonly client?: string;
}

export interface Verifier {
  /** @throws {Refusal} 401 for a token that does not count, 503 while the keys cannot be had. */
  verify(token: string): Promise<Caller>;
}

const longestToken = 16_384;
const patienceMs = 5_000;
const clockToleranceSeconds = 30;

export function createVerifier(issuers: readonly Issuer[]): Verifier {
  const keysOf = new Map<string, Promise<JWTVerifyGetKey>>();

  function keys(of: Issuer): Promise<JWTVerifyGetKey> {
    let found = keysOf.get(of.issuer);
    if (found === undefined) {
      found = findKeys(of);
      keysOf.set(of.issuer, found);
      // The next request asks the provider again.
      found.catch(() => keysOf.delete(of.issuer));
    }
    return found;
  }

  return {
    async verify(token) {
      const given = token.length > longestToken ? undefined : issuerIn(token);
      const issuer = issuers.find((one) => one.issuer === given);
      if (issuer === undefined) throw invalid('it is not one of an issuer that is known here');
      let keySet: JWTVerifyGetKey;
      try {
        keySet = await keys(issuer);
      } catch {
        throw away();
      }
      try {
        const { payload } = await jwtVerify(token, keySet, {
          issuer: issuer.issuer,
          audience: issuer.audience,
          algorithms: [...issuer.algorithms],
          clockTolerance: clockToleranceSeconds,
          requiredClaims: ['exp'],
        });
        return callerOf(payload, issuer);
      } catch (error) {
        throw refusalOf(error);
      }
    },
  };
}

async function findKeys({ issuer, jwksUrl }: Issuer): Promise<JWTVerifyGetKey> {
  const url = jwksUrl ?? (await discover(issuer));
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: patienceMs,
    cacheMaxAge: 600_000,
    cooldownDuration: 30_000,
    [customFetch]: fetchDirectly,
  });
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: string): Promise<string> {
  const answer = await fetchDirectly(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(patienceMs),
  });
  const found = (await answer.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null;
  if (!answer.ok || found?.issuer !== issuer || typeof found.jwks_uri !== 'string')
    throw new Error(`${issuer} does not say where its keys are`);
  return found.jwks_uri;
}

/** Keys come from where they are declared to be. */
function fetchDirectly(url: string, options: RequestInit): Promise<Response> {
  return fetch(url, { ...options, redirect: 'error' });
}

function issuerIn(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function callerOf(payload: JWTPayload, { issuer, claim, levels }: Issuer): Caller {
  const words = wordsIn(payload, claim);
  const level = accessLevels.findLast((one) => one !== 'open' && levels[one]?.some((word) => words.has(word)) === true) ?? 'open';
  const client = payload['azp'] ?? payload['client_id'];
  return {
    level,
    issuer,
    ...(payload.sub !== undefined && { subject: payload.sub }),
    ...(typeof client === 'string' && { client }),
  };
}

/** Roles as a list, or scopes as words apart by spaces. */
function wordsIn(payload: JWTPayload, claim: string): ReadonlySet<string> {
  let value: unknown = payload[claim];
  if (value === undefined) {
    value = claim
      .split('.')
      .reduce<unknown>((inside, key) => (isRecord(inside) && Object.hasOwn(inside, key) ? inside[key] : undefined), payload);
  }
  if (typeof value === 'string') return new Set(value.split(' '));
  return new Set(Array.isArray(value) ? value.filter((word): word is string => typeof word === 'string') : []);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return invalid('it has expired');
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(`its claim "${error.claim}" does not fit`);
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return invalid('its algorithm is not taken');
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return invalid('no key of its issuer fits it');
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalid('its signature does not fit');
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return invalid('it is no signed JWT');
  // What is left are keys that cannot be fetched or read.
  return away();
}

function invalid(why: string): Refusal {
  return new Refusal(401, 'InvalidRequest', 'The token does not count', `${why}; open data need no token`, {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  });
}

function away(): Refusal {
  return new Refusal(
    503,
    'InternalError',
    'The token cannot be checked',
    'the keys of its issuer cannot be had now; open data need no token',
    {
      'Retry-After': '10',
    },
  );
}
