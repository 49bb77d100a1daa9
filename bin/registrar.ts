import { createBrokerClient } from '../core/deliver/client.ts';
import { startRegistrar, type Commanded, type Registrar } from '../core/command/registrar.ts';
import type { Models } from '../core/entity/models.ts';
import type { Outbox } from '../core/outbox/outbox.ts';
import type { Config } from '../core/service/config.ts';
import type { Logger } from '../core/service/log.ts';
import { contextUrlOf } from './context-url.ts';

/** Registers the commands at the broker, so that it forwards their changes to this process. */
export function registerCommands(
  config: Config,
  models: Models,
  outbox: Outbox,
  urls: { readonly broker: string; readonly http: string },
  commanded: () => readonly Commanded[],
  logger: Logger,
): Registrar {
  const { tenant, token } = config.broker;
  const client = createBrokerClient({
    url: urls.broker,
    ...(tenant === undefined ? {} : { tenant }),
    ...(token === undefined ? {} : { token: () => token }),
  });
  const registrar = startRegistrar({
    client,
    endpoint: endpointOf(config, urls.http),
    hasToken: config.provisioning.token !== undefined,
    commanded,
    contextOf(type) {
      const subject = models.subjects.get(models.types.get(type)?.subject ?? '');
      return subject === undefined ? '' : contextUrlOf(config, subject, urls.http);
    },
    state: outbox.state,
    logger,
  });
  return {
    ...registrar,
    async stop() {
      await registrar.stop();
      client.close();
    },
  };
}

/** As configured; else where the broker fetches the contexts from this process; else this process's own address. */
function endpointOf({ provisioning, broker }: Config, ownUrl: string): string {
  if (provisioning.endpoint !== undefined) return provisioning.endpoint.replace(/\/+$/, '');
  const isOwn = broker.contextUrl?.endsWith('/contexts/{subject}.jsonld') === true;
  return isOwn ? new URL(broker.contextUrl ?? '').origin : ownUrl;
}
