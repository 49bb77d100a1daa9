import { ConfigError } from '../core/errors.ts';
import type { Config } from '../core/service/config.ts';

/** @throws {ConfigError} for settings that would let nobody in, or the wrong ones. */
export function checkIssuers({ gateway }: Config): void {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const [index, { issuer, jwksUrl, levels }] of gateway.issuers.entries()) {
    const at = `gateway.issuers.${index}`;
    if (seen.has(issuer)) faults.push(`${at}.issuer is ${issuer} a second time`);
    seen.add(issuer);
    const both = (levels.partner ?? []).filter((word) => levels.internal?.includes(word));
    if (both.length > 0) faults.push(`${at}.levels gives "${both.join('", "')}" the levels partner and internal; a word gives one`);
    for (const url of [issuer, jwksUrl]) {
      if (
        url?.startsWith('http://') === true &&
        !/^http:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|[a-z0-9-]+)(?::\d+)?(?:\/|$)/.test(url)
      )
        faults.push(`${at}: ${url} is not https; keys that come in the clear can be exchanged on the way`);
    }
  }
  if (faults.length > 0) throw new ConfigError('the gateway is not set up right', faults);
}
