import type { Registry } from 'prom-client';

import type { HiddenEntities } from '../core/access/hidden.ts';
import { ConfigError } from '../core/errors.ts';
import type { Models, Subject } from '../core/entity/models.ts';
import type { Instant } from '../core/plugin.ts';
import type { Config } from '../core/service/config.ts';
import { hideSecretsOf } from '../core/service/hidden.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import type { Logger } from '../core/service/log.ts';
import type { Surroundings } from '../sharing/documents.ts';
import { openSqliteOutbox } from '../core/outbox/sqlite.ts';
import { instanceName, leftBehind, partnerFiles, relayToken } from '../sharing/files.ts';
import { loadPartners } from '../sharing/load.ts';
import type { Partner } from '../sharing/partner.ts';
import { createSharing, type Sharing } from '../sharing/start.ts';
import { contextUrlOf } from './context-url.ts';
import { followHidden } from './hidden.ts';

const reachesOnlyHere = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** The declared partners. @throws {ConfigError} listing every fault. */
export function readPartners(config: Config, models: Models): Partner[] {
  const partners = loadPartners(config.partnersDir, models, config.partners);
  hideSecretsOf(partners.map(({ endpoint }) => endpoint));
  const pulling = partners.filter(({ mode }) => mode === 'federation');
  if (pulling.length > 0 && config.sharing.publicUrl === undefined) {
    throw new ConfigError(
      `${pulling.map(({ name }) => name).join(', ')}: mode federation needs sharing.publicUrl (KLAVZE_SHARING_PUBLIC_URL), where the partner reaches our data`,
    );
  }
  return partners;
}

/** `ownUrl`: of this process's HTTP server; `hidden`: what the registry keeps from partners. */
export function surroundingsOf(config: Config, models: Models, ownUrl: string, hidden: () => HiddenEntities): Surroundings {
  const base = endpointOf(config, ownUrl);
  const contextOf = (type: string): string => {
    const subject = subjectOf(type);
    return subject === undefined ? '' : contextUrlOf(config, subject, ownUrl);
  };
  const subjectOf = (type: string): Subject | undefined => models.subjects.get(models.types.get(type)?.subject ?? '');
  const publicBase = publicContexts(config);
  return {
    instance: config.instance ?? instanceName(config.dataDir),
    notifyUrl: (partner) => `${base}/sharing/notify/${partner}`,
    relayToken: relayToken(config.dataDir),
    contextOf,
    publicContextOf: (type) => {
      const subject = subjectOf(type);
      return publicBase === undefined || subject === undefined ? contextOf(type) : `${publicBase}/contexts/${subject.name}.jsonld`;
    },
    knownTypes: [...models.types.keys()],
    isRelationship: (type, attribute) => models.types.get(type)?.attributes[attribute]?.kind === 'Relationship',
    publicUrl: config.sharing.publicUrl?.replace(/\/+$/, ''),
    hidden,
    behindGateway: isSameAddress(config.sharing.publicUrl, config.gateway.publicUrl),
  };
}

/** What `klavze up` runs for partners; undefined where there are none. */
export function prepareSharing(
  config: Config,
  knowledge: LoadedKnowledge,
  urls: { readonly broker: string; readonly http: string },
  registry: Registry,
  clock: () => Instant,
  logger: Logger,
  closers: (() => void | Promise<void>)[],
): Sharing | undefined {
  const { models } = knowledge;
  const partners = readPartners(config, models);
  const queued = partners.filter(({ mode }) => mode !== 'federation').map(({ name }) => name);
  for (const name of leftBehind(config.dataDir, queued)) tellOfQueue(name, config.dataDir, clock, logger);
  if (partners.length === 0) return undefined;
  const { tenant, token } = config.broker;
  return createSharing({
    partners,
    dataDir: config.dataDir,
    broker: { url: urls.broker, ...(tenant !== undefined && { tenant }), ...(token !== undefined && { token }) },
    around: surroundingsOf(config, models, urls.http, followHidden(config, knowledge, logger, closers)),
    watchSeconds: config.sharing.watchSeconds,
    deadLetters: config.deadLetters,
    registry,
    clock,
    logger,
  });
}

/** Nobody gets what waits there; that must not go unseen. */
function tellOfQueue(name: string, dataDir: string, clock: () => Instant, logger: Logger): void {
  const path = partnerFiles(dataDir, name).queue;
  const queue = openSqliteOutbox({ path, logger, clock });
  const { count: waiting } = queue.depth(clock());
  void queue.close();
  if (waiting > 0)
    logger.warn({ partner: name, waiting, path }, 'states wait for a partner that is not declared; see docs/sharing.md, "Add a partner"');
}

function isSameAddress(url: string | undefined, other: string | undefined): boolean {
  return url !== undefined && other !== undefined && url.replace(/\/+$/, '') === other.replace(/\/+$/, '');
}

/** As configured; else where the broker fetches the contexts from this process; else this process's own address. */
function endpointOf({ sharing, broker }: Config, ownUrl: string): string {
  if (sharing.endpoint !== undefined) return sharing.endpoint.replace(/\/+$/, '');
  const isOwn = broker.contextUrl?.endsWith('/contexts/{subject}.jsonld') === true;
  return isOwn ? new URL(broker.contextUrl ?? '').origin : ownUrl;
}

/** Where others fetch the contexts of this Klavže; undefined where it is not open to others, or the broker's contexts are not its own. */
function publicContexts(config: Config): string | undefined {
  const { publicUrl } = config.gateway;
  if (publicUrl === undefined || !hasOwnContexts(config) || reachesOnlyHere.test(new URL(publicUrl).hostname)) return undefined;
  return publicUrl.replace(/\/+$/, '');
}

function hasOwnContexts({ broker }: Config): boolean {
  return broker.contextUrl === undefined || broker.contextUrl.endsWith('/contexts/{subject}.jsonld');
}
