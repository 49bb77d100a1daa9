import { RetryableError } from '../core/errors.ts';
import type { Auth, PartnerSecrets } from './partner.ts';

/** The headers that show who we are; `refresh`: those of before were refused. @throws {RetryableError} while no token can be had. */
export type Credentials = (refresh: boolean) => Promise<Readonly<Record<string, string>>>;

/** A token is renewed so long before it ends. */
const marginMs = 30_000;
const timeoutMs = 15_000;

/** Undefined where nothing is shown. OAuth2: client credentials (RFC 6749, 4.4), the secret as HTTP Basic. */
export function credentialsOf(auth: Auth, secrets: PartnerSecrets, now: () => number = Date.now): Credentials | undefined {
  const show = (token: string): Readonly<Record<string, string>> => ({
    [auth.header.toLowerCase()]: auth.header === 'Authorization' ? `Bearer ${token}` : token,
  });
  if (auth.kind === 'none') return undefined;
  if (auth.kind === 'token') return () => Promise.resolve(secrets.token === undefined ? {} : show(secrets.token));
  let held: { readonly token: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const { token, seconds } = await askToken(auth, secrets);
    held = { token, until: now() + Math.max(0, seconds * 1_000 - marginMs) };
    return token;
  };
  return async (refresh) => {
    if (held !== undefined && held.until > now() && !refresh) return show(held.token);
    asking ??= ask().finally(() => (asking = undefined));
    return show(await asking);
  };
}

async function askToken(auth: Auth, { clientSecret = '' }: PartnerSecrets): Promise<{ token: string; seconds: number }> {
  const { tokenUrl = '', clientId = '', scope } = auth;
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) });
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
  let response: Response;
  try {
    response = await fetch(tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
      body: form,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw new RetryableError(`no token from ${tokenUrl}: ${(error as Error).message}`, undefined, { cause: error });
  }
  const body = (await response.json().catch(() => undefined)) as
    { access_token?: unknown; expires_in?: unknown; error?: unknown } | undefined;
  if (typeof body?.access_token !== 'string' || body.access_token === '') {
    const reason = typeof body?.error === 'string' ? ` (${body.error.slice(0, 100)})` : '';
    throw new RetryableError(`no token from ${tokenUrl}: it answered ${response.status}${reason}`);
  }
  return { token: body.access_token, seconds: typeof body.expires_in === 'number' ? body.expires_in : 300 };
}
