import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type RequestHandler, type Router } from 'express';
import type { Registry } from 'prom-client';

import { shown } from './hidden.ts';

/** One thing that must be well for the process to be ready. `detail` says what is wrong, or how well it is. */
export interface Check {
  readonly ok: boolean;
  readonly detail: string;
}

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** The `@context` of a subject, or undefined when there is none. */
  context(subject: string): object | undefined;
  readonly subjects: readonly string[];
  checks(): Readonly<Record<string, Check>>;
  /** Further doors, by the path before theirs. */
  readonly routers?: Readonly<Record<string, Router>>;
}

export interface HttpServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Health, metrics and contexts: `/health/live`, `/health/ready`, `/metrics`, `/contexts/<subject>.jsonld`. */
export function startHttp(options: HttpOptions): Promise<HttpServer> {
  return listen(createApp(options), options.host, options.port);
}

/** Some of the doors on a port of their own. */
export function startDoor(host: string, port: number, routers: Readonly<Record<string, Router>>): Promise<HttpServer> {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  for (const [path, router] of Object.entries(routers)) app.use(path, router);
  app.use(notFound);
  return listen(app, host, port);
}

async function listen(app: Express, host: string, wanted: number): Promise<HttpServer> {
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createApp(options: HttpOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.get('/', (_request, response) => {
    response.json({
      name: 'klavze',
      live: '/health/live',
      ready: '/health/ready',
      metrics: '/metrics',
      contexts: options.subjects.map((subject) => `/contexts/${subject}.jsonld`),
    });
  });

  app.get('/health/live', (_request, response) => {
    response.json({ live: true });
  });

  app.get('/health/ready', (_request, response) => {
    const checks = options.checks();
    const ready = Object.values(checks).every((check) => check.ok);
    response
      .status(ready ? 200 : 503)
      .type('json')
      .send(shown(JSON.stringify({ ready, checks })));
  });

  app.get('/metrics', async (_request, response) => {
    response.type(options.registry.contentType).send(await options.registry.metrics());
  });

  app.get('/contexts/:subject.jsonld', (request, response) => {
    const context = options.context(request.params.subject);
    if (context === undefined) {
      response.status(404).json({ error: `there is no context "${request.params.subject}"; known: ${options.subjects.join(', ')}` });
      return;
    }
    response.type('application/ld+json').set('Cache-Control', 'public, max-age=3600').send(JSON.stringify(context));
  });

  for (const [path, router] of Object.entries(options.routers ?? {})) app.use(path, router);

  app.use(notFound);
  return app;
}

const notFound: RequestHandler = (_request, response) => {
  response.status(404).json({ error: 'not found' });
};
