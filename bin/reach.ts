import type { Config } from '../core/service/config.ts';
import { isLoopback } from '../core/service/inside.ts';
import { createReach, type Reach } from '../core/service/reach.ts';

export interface Reaches {
  /** Of the embedded broker. */
  readonly contexts: Reach;
  readonly endpoints: Reach;
  /** Of commands to provisioned devices. */
  readonly devices: Reach;
}

/**
 * Where others may send this process. What the configuration names itself is always reachable; what listens on this machine alone may also
 * send to it. `own`: addresses of this process.
 */
export function reachesOf({ reach: allowed, broker, http, provisioning, sharing }: Config, own: readonly string[]): Reaches {
  const named = [broker.contextUrl, provisioning.endpoint, sharing.endpoint, ...own].filter(
    (url) => url !== undefined && URL.canParse(url),
  );
  const common = { allowed, own: named as string[] };
  return {
    contexts: createReach(common),
    endpoints: createReach({ ...common, loopback: isLoopback(broker.host) }),
    devices: createReach({ ...common, loopback: isLoopback(http.host) }),
  };
}
