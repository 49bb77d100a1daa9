import type { Adapter, Authorization } from '../plugin.ts';
import { err, ok, type Result } from '../result.ts';
import { loadAxios } from '../service/axios.ts';

/** What a publisher gave us to ask with; each is a secret. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

/** Keys of `adapters.<name>` that its publisher asks for and the configuration does not give. */
export function missingCredentials({ authorization }: Pick<Adapter, 'authorization'>, credentials: Credentials = {}): string[] {
  if (authorization === undefined) return [];
  const needed = authorization.kind === 'header' ? (['token'] as const) : (['username', 'password'] as const);
  return needed.filter((key) => (credentials[key] ?? '') === '');
}

/** The headers to ask with. An error says in words why there are none; no secret stands in it. */
export async function authorize(
  authorization: Authorization,
  credentials: Credentials,
  timeoutMs: number,
): Promise<Result<Record<string, string>, string>> {
  const { username = '', password = '', token = '' } = credentials;
  if (authorization.kind === 'header')
    return ok({ [authorization.header]: authorization.scheme === undefined ? token : `${authorization.scheme} ${token}` });
  const { tokenUrl } = authorization;
  const axios = await loadAxios();
  try {
    const { status, data } = await axios.post<unknown>(tokenUrl, new URLSearchParams({ grant_type: 'password', username, password }), {
      adapter: 'http',
      // A redirect would carry name and password elsewhere.
      maxRedirects: 0,
      maxContentLength: 64 * 1024,
      timeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
      validateStatus: null,
    });
    const { access_token: bearer } = (typeof data === 'object' && data !== null ? data : {}) as { access_token?: unknown };
    if (status === 200 && typeof bearer === 'string' && /^[\x21-\x7e]+$/.test(bearer)) return ok({ Authorization: `Bearer ${bearer}` });
    const advice = status === 400 || status === 401 ? '; check username and password' : '';
    return err(`${tokenUrl} gave no token (HTTP ${status})${advice}`);
  } catch (error) {
    return err(`${tokenUrl} gave no token: ${axios.isAxiosError(error) ? error.code : 'no answer'}`);
  }
}
