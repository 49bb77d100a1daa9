import type { Router } from 'express';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

import type { Forgotten } from '../core/outbox/outbox.ts';
import { startRetention } from '../core/outbox/retention.ts';
import { openSqliteOutbox } from '../core/outbox/sqlite.ts';
import type { Instant } from '../core/plugin.ts';
import { createChannel, type Channel } from './channel.ts';
import { createCourier, type CourierStatus } from './courier.ts';
import { createDocuments } from './documents-api.ts';
import { contextOf, contextThere, subscriptionId, wantedOf, type Surroundings } from './documents.ts';
import { exposureOf, isWithheld } from './exposure.ts';
import { partnerFiles } from './files.ts';
import { createCaller, type Caller } from './http.ts';
import { createLake } from './lake.ts';
import { openLedger } from './ledger.ts';
import { createSharingMetrics, type SharingMetrics, type Waiting } from './metrics.ts';
import type { Partner } from './partner.ts';
import { createReceiver } from './receiver.ts';
import { queueMark, readStanding } from './standing.ts';
import { transportTo } from './transports.ts';
import { createWatchdog } from './watchdog.ts';

export interface SharingOptions {
  readonly partners: readonly Partner[];
  readonly dataDir: string;
  readonly broker: { readonly url: string; readonly tenant?: string; readonly token?: string };
  readonly around: Surroundings;
  readonly watchSeconds: number;
  readonly deadLetters: { readonly days: number; readonly megabytes: number };
  readonly registry: Registry;
  readonly clock: () => Instant;
  readonly logger: Logger;
}

export interface Sharing {
  /** Takes our broker's notifications; see `receiver.ts`. */
  readonly router: Router;
  /** Files of certificates that partners are reached with. */
  readonly certificates: readonly string[];
  start(): void;
  status(): readonly (Waiting & CourierStatus)[];
  stop(): Promise<void>;
}

/** Speaks to our own broker. */
export function callerToLake({ tenant, token }: SharingOptions['broker']): Caller {
  return createCaller({
    tenant,
    ...(token !== undefined && { credentials: () => Promise.resolve({ authorization: `Bearer ${token}` }) }),
  });
}

/** A queue, a courier and a watchdog for each partner; none of them waits for another. Partners who pull need none. */
export function createSharing(options: SharingOptions): Sharing {
  const lakeCaller = callerToLake(options.broker);
  const lines: Line[] = [];
  const metrics = createSharingMetrics(options.registry, () => lines.map(waitingOf));
  for (const partner of options.partners) {
    const exposure = exposureOf(partner, options.around);
    if (exposure !== undefined) options.logger.error(exposure);
    if (partner.mode !== 'federation') lines.push(createLine(partner, options, lakeCaller, metrics));
  }
  const router = createReceiver({
    token: options.around.relayToken,
    channel: (name) => lines.find(({ partner }) => partner.name === name)?.channel,
    onRefused: (partner, reason) => options.logger.warn({ partner, reason }, 'a notification was refused'),
  });
  return {
    router,
    certificates: options.partners.flatMap(({ auth }) => [auth.certFile, auth.caFile].filter((file) => file !== undefined)),
    start() {
      for (const { courier, watchdog } of lines) {
        courier.start();
        watchdog.start();
      }
    },
    status: () => lines.map((line) => ({ ...waitingOf(line), ...line.courier.status() })),
    async stop() {
      await Promise.all(lines.map((line) => line.stop()));
      lakeCaller.close();
    },
  };
}

type Line = ReturnType<typeof createLine>;

function createLine(partner: Partner, options: SharingOptions, lakeCaller: Caller, metrics: SharingMetrics) {
  const { clock, logger, around, broker } = options;
  const files = partnerFiles(options.dataDir, partner.name);
  const queue = openSqliteOutbox({ path: files.queue, logger, clock });
  const staging = openSqliteOutbox({ path: files.staging, logger, clock });
  const ledger = openLedger(files.ledger);
  const contextOfType = (type: string): string => contextOf(partner, type, around);
  const channel: Channel = createChannel({
    partner,
    subscriptionOf: (type) => subscriptionId(around.instance, partner.name, type),
    queue,
    staging,
    ledger,
    isWithheld: (id) => isWithheld(around, id),
    clock,
    counted: (admission, states) => metrics.admitted(partner.name, admission, states),
  });
  const courier = createCourier({
    partner,
    queue,
    transport: transportTo(partner, (type) => contextThere(partner, type, around), queueMark(queue.state)),
    isWithheld: (id) => isWithheld(around, id),
    logger,
    counted: (result, states) => metrics.delivered(partner.name, result, states),
  });
  const watchdog = createWatchdog({
    partner,
    channel,
    ledger,
    lake: createLake(broker.url, lakeCaller),
    contextOf: contextOfType,
    wanted: wantedOf(partner, around),
    around,
    documents: createDocuments(broker.url, lakeCaller),
    state: queue.state,
    logger,
    everyMs: options.watchSeconds * 1_000,
  });
  const onForgotten = (letters: readonly Forgotten[]): void => metrics.forgotten(partner.name, letters);
  const retention = startRetention({ letters: queue.deadLetters, ...options.deadLetters, now: Date.now, logger, onForgotten });
  return {
    partner,
    queue,
    channel,
    courier,
    watchdog,
    clock,
    async stop() {
      retention.stop();
      await watchdog.stop();
      await courier.stop();
      await queue.close();
      await staging.close();
      ledger.close();
    },
  };
}

function waitingOf({ partner, queue, clock }: Line): Waiting {
  const { count, oldestMs } = queue.depth(clock());
  return {
    partner: partner.name,
    waiting: count,
    oldestMs,
    deadLetters: queue.deadLetters.count(),
    gapOpen: readStanding(queue.state).openSince !== undefined,
  };
}
