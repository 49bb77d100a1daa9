import type { Request, RequestHandler, Response, Router } from 'express';
import { Problem } from '../problems.ts';
import type { BrokerDeps } from '../types.ts';

export type Handler = (req: Request, res: Response) => Promise<void> | void;
type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The verbs of one path; all others get 405 with Allow, OPTIONS the list. */
export function route(router: Router, deps: BrokerDeps, path: string, verbs: Partial<Record<Verb, Handler>>): void {
  const at = router.route(path);
  for (const [verb, handle] of Object.entries(verbs) as [Verb, Handler][]) {
    const run: RequestHandler = (req, res) => handle(req, res);
    at[verb](run);
  }
  const allow = [...Object.keys(verbs).map((verb) => verb.toUpperCase()), 'OPTIONS'].join(', ');
  at.options((_req, res) => void res.status(200).set('Allow', allow).end());
  at.all((req, res) => {
    if (deps.profile === 'orion') return void res.status(405).set('Allow', allow).end();
    throw new Problem('InvalidRequest', 'Method Not Allowed', `${req.method} here; ${allow} are`, {
      status: 405,
      headers: { Allow: allow },
    });
  });
}
