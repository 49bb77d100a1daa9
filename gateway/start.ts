import { join } from 'node:path';

import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

import type { HiddenEntities } from '../core/access/hidden.ts';
import type { Models } from '../core/entity/models.ts';
import { openAudit } from './audit.ts';
import { createCatalogue } from './catalogue.ts';
import { createLimits } from './limits.ts';
import { createGatewayMetrics } from './metrics.ts';
import { createNamings, type ContextUrls } from './naming.ts';
import { startServer, type Gateway } from './server.ts';
import { createVerifier, type Issuer } from './tokens.ts';
import { createUpstream } from './upstream.ts';

/** The section `gateway` of the configuration. */
export interface GatewaySettings {
  readonly host: string;
  readonly port: number;
  readonly trustProxy: boolean;
  readonly pageSize: number;
  readonly openPerMinute: number;
  readonly tokenPerMinute: number;
  readonly atOnce: number;
  readonly timeoutSeconds: number;
  readonly auditDays: number;
  readonly issuers: readonly Issuer[];
}

export interface GatewayOptions {
  readonly settings: GatewaySettings;
  readonly broker: { readonly url: string; readonly tenant?: string | undefined; readonly token?: string | undefined };
  readonly contexts: ContextUrls;
  readonly models: Models;
  /** Entities of devices that the registry restricts, as it is now. */
  readonly hidden: () => HiddenEntities;
  readonly dataDir: string;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** No answer of the broker is longer. */
const mostBytes = 32 * 1024 * 1024;

/** The door for reading, in front of a broker (docs/gateway.md). @throws {Error} when its port or its log cannot be had. */
export async function startGateway({
  settings,
  broker,
  contexts,
  models,
  hidden,
  dataDir,
  registry,
  logger,
}: GatewayOptions): Promise<Gateway> {
  const { host, port, trustProxy, pageSize, openPerMinute, tokenPerMinute, atOnce, timeoutSeconds, auditDays, issuers } = settings;
  const namings = createNamings(models, contexts);
  const upstream = createUpstream({ ...broker, timeoutMs: timeoutSeconds * 1_000, mostBytes });
  const audit = openAudit(join(dataDir, 'audit'), auditDays, logger);
  const now = (): number => Date.now();
  const close = async (): Promise<void> => {
    await upstream.close();
    audit.close();
  };
  try {
    const server = await startServer({
      host,
      port,
      trustProxy,
      tenant: broker.tenant,
      mostEntities: pageSize,
      models,
      namings,
      upstream,
      catalogue: createCatalogue(upstream, namings.core, now),
      verifier: createVerifier(issuers),
      limits: createLimits({ open: openPerMinute, token: tokenPerMinute, atOnce }),
      audit,
      metrics: createGatewayMetrics(registry),
      hidden,
      now,
      logger,
    });
    return {
      url: server.url,
      async close() {
        await server.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
