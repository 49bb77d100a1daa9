import { existsSync } from 'node:fs';
import type { Registry } from 'prom-client';

import { hiddenEntities, type HiddenEntities } from '../core/access/hidden.ts';
import type { Config } from '../core/service/config.ts';
import { loadDevices, type DeviceRegistry } from '../core/service/devices.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import { followDevices } from '../core/service/live-devices.ts';
import type { Logger } from '../core/service/log.ts';
import type { Gateway } from '../gateway/server.ts';
import { startGateway } from '../gateway/start.ts';
import { contextUrlOf } from './context-url.ts';
import { registryText } from './files.ts';

/** The door for reading (docs/gateway.md). What the registry says of a device holds from the next request on. */
export async function openGateway(
  config: Config,
  { models, agents }: LoadedKnowledge,
  urls: { readonly broker: string; readonly http: string },
  registry: Registry,
  logger: Logger,
  closers: (() => void | Promise<void>)[],
): Promise<Gateway> {
  const file = config.devices;
  if (!existsSync(file)) logger.warn({ file }, 'there is no device registry: the gateway knows of no device with an access of its own');
  const live = followDevices({ file, logger, read: () => registryText(file), load: (text) => loadDevices(text, file, agents) });
  closers.push(() => live.close());
  let known: { readonly of: DeviceRegistry; readonly hidden: HiddenEntities } | undefined;
  const hidden = (): HiddenEntities => {
    if (known?.of !== live.registry) known = { of: live.registry, hidden: hiddenEntities(live.registry.devices, agents.families, models) };
    return known.hidden;
  };
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
