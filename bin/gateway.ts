import type { Registry } from 'prom-client';

import type { Config } from '../core/service/config.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import type { Logger } from '../core/service/log.ts';
import type { Gateway } from '../gateway/server.ts';
import { startGateway } from '../gateway/start.ts';
import { contextUrlOf } from './context-url.ts';
import { followHidden } from './hidden.ts';

/** The door for reading (docs/gateway.md). What the registry says of a device holds from the next request on. */
export async function openGateway(
  config: Config,
  knowledge: LoadedKnowledge,
  urls: { readonly broker: string; readonly http: string },
  registry: Registry,
  logger: Logger,
  closers: (() => void | Promise<void>)[],
): Promise<Gateway> {
  const { models } = knowledge;
  const hidden = followHidden(config, knowledge, logger, closers);
  const subjectOf = (name: string) => models.subjects.get(name) ?? { name, repository: '', officialContext: '' };
  const { publicUrl } = config.gateway;
  const upstream = (name: string): string => contextUrlOf(config, subjectOf(name), urls.http);
  const { tenant, token } = config.broker;
  const gateway = await startGateway({
    settings: config.gateway,
    broker: { url: urls.broker, tenant, token },
    contexts: {
      upstream,
      shown: (name) => (publicUrl === undefined ? upstream(name) : `${publicUrl.replace(/\/+$/, '')}/contexts/${name}.jsonld`),
    },
    models,
    hidden,
    dataDir: config.dataDir,
    registry,
    logger,
  });
  closers.push(() => gateway.close());
  return gateway;
}
