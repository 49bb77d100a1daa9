import { join } from 'node:path';

import type { Config } from '../core/service/config.ts';
import type { Logger } from '../core/service/log.ts';
import { reachesOf } from './reach.ts';

/** The URL of the broker elsewhere, or of the embedded one that is started. `own`: addresses of this process, which it may ask. */
export async function brokerOf(
  config: Config,
  own: readonly string[],
  log: Logger,
  closers: (() => void | Promise<void>)[],
): Promise<string> {
  const { url, host, port, profile, contextFolder, faults } = config.broker;
  if (url !== undefined) return url;
  // Loaded only where it is used: it comes with libraries of its own.
  const { startBroker } = await import('../embedded/ngsi-ld/server.ts');
  const embedded = await startBroker({
    host,
    port,
    profile,
    dbFile: join(config.dataDir, 'broker.db'),
    logger: log,
    faults: faults === 'on',
    reach: reachesOf(config, own),
    ...(contextFolder === undefined ? {} : { contextFolder }),
  });
  closers.push(() => embedded.close());
  return embedded.url;
}
