import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type RequestHandler } from 'express';
import { pino, type Logger } from 'pino';
import { everywhere, type Reach } from '../../core/service/reach.ts';
import { createChanges } from './changes.ts';
import { createContextLoader } from './context-load.ts';
import { createContextStore } from './context-store.ts';
import { createContexts } from './context.ts';
import { echoTenant, segment } from './http/answer.ts';
import { faultMiddleware, readFaults } from './http/faults.ts';
import { parseJson } from './http/request.ts';
import { Problem, problemMiddleware, sendProblem } from './problems.ts';
import { registrationsRouter } from './routes/registrations.ts';
import { subscriptionsRouter } from './routes/subscriptions.ts';
import { temporalRouter } from './routes/temporal.ts';
import { batchRouter } from './routes/batch.ts';
import { contextsRouter, type ContextParts } from './routes/contexts.ts';
import { discoveryRouter } from './routes/discovery.ts';
import { entitiesRouter } from './routes/entities.ts';
import { forwardRouter } from './routes/forward.ts';
import { infoRouter, versionRouter } from './routes/info.ts';
import { createStore, openDatabase } from './store.ts';
import type { BrokerDeps, Faults, Instant, Profile } from './types.ts';

export interface BrokerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** SQLite file, or `:memory:`. */
  readonly dbFile: string;
  /** Default `strict`. */
  readonly profile?: Profile;
  /** Contexts for machines without internet: files and an `index.json` that maps URL → file name. */
  readonly contextFolder?: string;
  readonly clock?: () => Instant;
  readonly logger?: Logger;
  /** Serves `PUT /faults`. Never on a machine others reach. */
  readonly faults?: boolean;
  readonly bodyLimitBytes?: number;
  /** Where a request may send this broker: contexts, and endpoints of subscriptions and registrations. Left out: everywhere. */
  readonly reach?: { readonly contexts: Reach; readonly endpoints: Reach };
  /** Values older than so many days leave the history; without it all stay. */
  readonly historyDays?: number;
}

export interface Broker {
  readonly url: string;
  readonly port: number;
  readonly deps: BrokerDeps;
  setFaults(faults: Faults): void;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const LAST_REQUESTS_MS = 1000;

/** An NGSI-LD broker in this process. Throws when the port is taken or the file cannot be opened. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const profile = options.profile ?? 'strict';
  const host = options.host ?? '127.0.0.1';
  const logger = options.logger ?? pino({ level: 'silent' });
  const clock = options.clock ?? ((): Instant => new Date().toISOString());
  const db = openDatabase(options.dbFile);
  const changes = createChanges();
  const held = createContextStore(db);
  const loader = createContextLoader({
    held,
    clock,
    reach: options.reach?.contexts ?? everywhere,
    ...(options.contextFolder === undefined ? {} : { folder: options.contextFolder }),
  });
  let url = '';
  const contextUrl = (localId: string): string => `${url}/ngsi-ld/v1/jsonldContexts/${segment(localId)}`;
  const contexts = createContexts({ held, loader, clock, urlOf: contextUrl });
  const stops: (() => Promise<void> | void)[] = [];
  const deps: BrokerDeps = {
    db,
    store: createStore(db, changes, clock),
    contexts,
    profile,
    clock,
    changes,
    baseUrl: () => url,
    logger,
    reach: options.reach?.endpoints ?? everywhere,
    onClose: (stop) => void stops.push(stop),
  };

  let faults: Faults = {};
  const app = express();
  app.disable('x-powered-by').disable('etag').set('case sensitive routing', true);
  const limit = options.bodyLimitBytes ?? (profile === 'orion' ? MIB : 8 * MIB);
  const readBody = express.text({ type: () => true, limit });
  if (options.faults === true) {
    app.put('/faults', readBody, (req, res) => {
      faults = readFaults(parseJson(String(req.body), deps));
      res.status(204).end();
    });
  }
  app.use(faultMiddleware(() => faults));
  app.use((req, res, next) => {
    echoTenant(req, res);
    next();
  });
  if (profile === 'strict') app.use(requireLength);
  app.use(readBody);
  if (profile === 'orion') app.use(refuseBody);
  mountRoutes(app, deps, { held, loader, contexts, urlOf: contextUrl }, options);
  app.use((_req, res) => sendProblem(res, unknownPath(profile), profile));
  app.use(problemMiddleware(profile, (error) => logger.error({ error }, 'the embedded NGSI-LD broker failed on a request')));

  const server = createServer(app);
  const stop = async (): Promise<void> => {
    for (const one of stops) await one();
    db.close();
  };
  const port = await listen(server, host, options.port).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    url,
    port,
    deps,
    setFaults: (next) => void (faults = next),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      // Requests under way end first; one that hangs is cut.
      const cut = setTimeout(() => server.closeAllConnections(), LAST_REQUESTS_MS);
      await closed;
      clearTimeout(cut);
      await stop();
    },
  };
}

function mountRoutes(app: Express, deps: BrokerDeps, contextParts: ContextParts, options: BrokerOptions): void {
  const api = '/ngsi-ld/v1';
  app.use(versionRouter(deps));
  app.use(api, refuseEmptySegment);
  app.use(api, forwardRouter(deps));
  app.use(api, entitiesRouter(deps), batchRouter(deps), discoveryRouter(deps), contextsRouter(deps, contextParts), infoRouter(deps));
  app.use(api, subscriptionsRouter(deps), registrationsRouter(deps), temporalRouter(deps, options));
}

/** 6.3.4: a body comes with its length. */
const requireLength: RequestHandler = (req, res, next) => {
  const needs = req.method === 'POST' || req.method === 'PATCH' || req.method === 'PUT';
  if (needs && req.get('Content-Length') === undefined) return void res.status(411).end();
  next();
};

/** `/entities//attrs`, `PATCH /entities/`: the id is missing. */
const refuseEmptySegment: RequestHandler = (req, _res, next) => {
  const endsEarly = req.path === '/entities/' && (req.method === 'PATCH' || req.method === 'PUT');
  if (endsEarly || req.path.includes('//')) throw new Problem('BadRequestData', 'Invalid path', `${req.path}: an empty segment`);
  next();
};

/** Orion-LD takes no body where the operation has none. */
const refuseBody: RequestHandler = (req, _res, next) => {
  const hasNone = req.method === 'GET' || req.method === 'DELETE';
  if (hasNone && typeof req.body === 'string' && req.body !== '')
    throw new Problem('BadRequestData', 'Unexpected payload body', req.method);
  next();
};

function unknownPath(profile: Profile): Problem {
  return new Problem('ResourceNotFound', profile === 'orion' ? 'Service Not Found' : 'No such path');
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
