/** Our broker and sharing in this process, for the tests of what becomes of notifications. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { pino } from 'pino';
import { Registry } from 'prom-client';

import { loadModels } from '../../core/service/load-models.ts';
import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { startBroker, type Broker, type BrokerOptions } from '../../embedded/ngsi-ld/server.ts';
import { applyPlan, planSharing } from '../../sharing/apply.ts';
import { createChannel } from '../../sharing/channel.ts';
import type { Surroundings } from '../../sharing/documents.ts';
import type { AccessView } from '../../sharing/exposure.ts';
import { partnerFiles } from '../../sharing/files.ts';
import { createCaller } from '../../sharing/http.ts';
import { openLedger } from '../../sharing/ledger.ts';
import { readPartner } from '../../sharing/load.ts';
import type { Partner, PartnerSecrets } from '../../sharing/partner.ts';
import { noteApply } from '../../sharing/standing.ts';
import { createSharing, type Sharing } from '../../sharing/start.ts';

const models = loadModels();
export const relayToken = 'the-token-of-the-relay';
const entities = [{ type: 'WeatherObserved', attributes: ['temperature', 'location', 'windSpeed'] }];

export function partner(name: string, members: object, secrets: PartnerSecrets = {}): Partner {
  return readPartner(JSON.stringify({ name, mode: 'relay', entities, ...members }), `${name}.yaml`, models, secrets);
}

/** A partner's channel with nothing in it; the ledger is to be closed. */
export function channelTo(to: Partner, now: string) {
  const queue = createMemoryOutbox();
  const staging = createMemoryOutbox();
  const ledger = openLedger(':memory:');
  const channel = createChannel({ partner: to, subscriptionOf: (type) => type, queue, staging, ledger, clock: () => now });
  return { channel, queue, ledger };
}

export interface Line {
  readonly ours: Broker;
  readonly url: string;
  readonly dataDir: string;
  readonly registry: Registry;
  readonly sharing: Sharing;
  /** Ends sharing, as a restart would; `start` begins it anew. */
  stop(): Promise<void>;
  /** With other declarations, where they are given. */
  start(others?: readonly Partner[]): void;
  apply(): Promise<void>;
  close(): Promise<void>;
}

export async function startLine(
  partners: readonly Partner[],
  options: Partial<BrokerOptions> & { watchSeconds?: number; access?: AccessView } = {},
): Promise<Line> {
  const { watchSeconds = 0.1, access = {}, ...brokerOptions } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'klavze-line-'));
  const ours = await startBroker({ port: 0, dbFile: ':memory:', ...brokerOptions });
  const logger = pino({ level: 'silent' });
  const app = express();
  let sharing: Sharing | undefined;
  let registry = new Registry();
  app.use('/sharing', (request, response, next) => {
    if (sharing === undefined) response.status(503).end();
    else sharing.router(request, response, next);
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const around: Surroundings = {
    instance: 'here',
    notifyUrl: (name) => `${url}/sharing/notify/${name}`,
    relayToken,
    contextOf: () => '',
    publicContextOf: () => '',
    knownTypes: [],
    isRelationship: () => false,
    publicUrl: undefined,
    ...access,
  };
  const clock = () => new Date().toISOString();
  const deadLetters = { days: 365, megabytes: 1024 };
  const start = (others = partners): void => {
    registry = new Registry();
    const broker = { url: ours.url };
    sharing = createSharing({ partners: others, dataDir, broker, around, watchSeconds, deadLetters, registry, clock, logger });
    sharing.start();
  };
  const stop = async (): Promise<void> => {
    const running = sharing;
    sharing = undefined;
    await running?.stop();
  };
  start();
  return {
    ours,
    url,
    dataDir,
    get registry() {
      return registry;
    },
    get sharing() {
      if (sharing === undefined) throw new Error('sharing is stopped');
      return sharing;
    },
    start,
    stop,
    async apply() {
      const caller = createCaller();
      const plan = await planSharing({ partners, around, broker: { url: ours.url, caller } });
      await applyPlan(plan, () => undefined);
      plan.close();
      caller.close();
      for (const { name } of partners) {
        const queue = openSqliteOutbox({ path: partnerFiles(dataDir, name).queue, logger });
        noteApply(queue.state, clock(), true);
        await queue.close();
      }
    },
    async close() {
      await stop();
      await ours.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
