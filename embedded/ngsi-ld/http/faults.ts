import { setTimeout as wait } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import { Problem } from '../problems.ts';
import type { Faults } from '../types.ts';

/** Makes the broker fail as its switches say; the path that sets them is spared. */
export function faultMiddleware(current: () => Faults): RequestHandler {
  return async (req, res, next) => {
    const faults = current();
    if (faults.latencyMs !== undefined) await wait(faults.latencyMs);
    if (faults.reset === true) return void req.socket.destroy();
    if (faults.hang === true) return;
    if (faults.status !== undefined) {
      throw new Problem('InternalError', 'Switched fault', `this broker was told to answer ${faults.status}`, { status: faults.status });
    }
    if (faults.dropAfterCommit === true && req.method !== 'GET') {
      // Nothing leaves before end(): the handler has committed, the client never hears of it.
      res.end = () => {
        req.socket.destroy();
        return res;
      };
    }
    next();
  };
}

/** Switches from the body of PUT /faults; all absent: none. */
export function readFaults(body: unknown): Faults {
  const faults = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const expected = { latencyMs: 'number', status: 'number', hang: 'boolean', reset: 'boolean', dropAfterCommit: 'boolean' };
  for (const [name, value] of Object.entries(faults)) {
    const type = expected[name as keyof typeof expected];
    if (type === undefined)
      throw new Problem('BadRequestData', 'Unknown fault', `${name}: one of ${Object.keys(expected).join(', ')} is expected`);
    if (typeof value !== type) throw new Problem('BadRequestData', 'Invalid fault', `${name}: a ${type} is expected`);
  }
  return faults as Faults;
}
