/** Random questions, sensible and not: never a 5xx, and for an open caller never a difference between brokers that differ in hidden data only. */
import { Agent, request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeQuestion, seeded, type Asked } from './random-question.ts';
import { createRig, roles, startIssuing, type Issuing, type Rig } from './rig.ts';

/**
 * For each profile; an open one goes to two brokers. `npm run test:random` asks 3,000, which makes more than 10,000 requests of both
 * profiles; here it is a sample, to keep the whole test command short.
 */
const questions = Number(process.env['GATEWAY_QUESTIONS'] ?? 500);
const atOnce = 8;

const agent = new Agent({ keepAlive: true, maxSockets: atOnce });

interface Answer {
  readonly status: number;
  readonly count: string;
  readonly link: string;
  readonly text: string;
}

function put(rig: Rig, { method, path, headers, body }: Asked, token: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(rig.url);
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const sent = request({ hostname, port, method, path, agent, headers: { ...headers, ...authorization } }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (part: string) => (text += part));
      reply.on('error', reject).on('end', () => {
        const { 'ngsild-results-count': count, link } = reply.headers;
        resolve({ status: reply.statusCode ?? 0, count: String(count), link: String(link), text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

let issuing: Issuing;
beforeAll(async () => void (issuing = await startIssuing()));
afterAll(async () => {
  agent.destroy();
  await issuing.close();
});

describe.each(['strict', 'orion'] as const)('%s', (profile) => {
  let a: Rig;
  let b: Rig;
  beforeAll(async () => {
    a = await createRig({ issuing, profile, hidden: 'a' });
    b = await createRig({ issuing, profile, hidden: 'b' });
  });
  afterAll(async () => {
    await a.close();
    await b.close();
  });

  it(`${questions} random questions, each to two brokers`, async () => {
    const seed = Number(process.env['GATEWAY_SEED'] ?? 20_261_127);
    const random = seeded(seed + profile.length);
    const tokens = {
      open: undefined,
      partner: await issuing.token(roles('klavze-partner')),
      internal: await issuing.token(roles('klavze-internal')),
    };
    const all = Array.from({ length: questions }, () => makeQuestion(random));
    const failed: unknown[] = [];
    const statuses = new Map<number, number>();
    let requests = 0;
    const ask = async (asked: Asked): Promise<void> => {
      const token = tokens[asked.level];
      const one = await put(a, asked, token);
      // Only an open caller sees the same at both.
      const other = asked.level === 'open' ? await put(b, asked, token) : one;
      requests += asked.level === 'open' ? 2 : 1;
      statuses.set(one.status, (statuses.get(one.status) ?? 0) + 1);
      if (one.status >= 500 || other.status >= 500) failed.push({ asked, one, other });
      if (JSON.stringify(one) !== JSON.stringify(other)) failed.push({ asked, one, other });
    };
    const queue = all[Symbol.iterator]();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const asked of queue) await ask(asked);
      }),
    );
    expect({ seed, failed: failed.slice(0, 3), count: failed.length }).toEqual({ seed, failed: [], count: 0 });
    expect(requests).toBeGreaterThan(questions * 1.6);
    // The questions are no mere nonsense: many are answered, and every kind of refusal comes.
    expect(statuses.get(200)).toBeGreaterThan(questions / 5);
    for (const status of [400, 403, 404, 405]) expect(statuses.get(status)).toBeGreaterThan(questions / 300);
  }, 300_000);
});
