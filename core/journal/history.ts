import { Pool } from 'undici';

import { isServiceMissing } from '../deliver/answer.ts';
import { RetryableError } from '../errors.ts';
import type { Attribute, Entity } from '../entity/entity.ts';
import type { Instant } from '../plugin.ts';

export interface BrokerHistoryOptions {
  /** Base URL of the broker; `/ngsi-ld/v1/…` is added. */
  readonly url: string;
  readonly tenant?: string | undefined;
  readonly token?: string | undefined;
  /** Context URL of an entity. */
  readonly contextOf: (entity: Pick<Entity, 'type'>) => string;
}

/** A value of the broker's history. */
export interface HistoryInstance {
  readonly instanceId: string | undefined;
  readonly attribute: Attribute;
}

/** The part of a broker's history (ETSI GS CIM 009 5.6.14, 5.6.15, 5.7.3) in which wrong values are looked up and put right. */
export interface BrokerHistory {
  /** Values of an entity by attribute, both ends of the time with it. `none`: the broker has no history. @throws {RetryableError} */
  read(
    entity: Pick<Entity, 'id' | 'type'>,
    from: Instant,
    to: Instant,
    tenant?: string,
  ): Promise<ReadonlyMap<string, readonly HistoryInstance[]> | 'none'>;
  /** Puts `attribute` in the place of an instance, or removes it. False: the broker lets nobody do that. @throws {RetryableError} */
  change(
    entity: Pick<Entity, 'id' | 'type'>,
    name: string,
    instanceId: string,
    attribute: Attribute | undefined,
    tenant?: string,
  ): Promise<boolean>;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const timeoutMs = 30_000;
const notOffered = new Set([405, 501]);

export function createBrokerHistory({ url, tenant, token, contextOf }: BrokerHistoryOptions): BrokerHistory {
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  const pool = new Pool(base.origin, { connections: 4, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });

  async function call(
    method: 'GET' | 'PATCH' | 'DELETE',
    path: string,
    context: string,
    of: string | undefined,
    body?: string,
  ): Promise<Answer> {
    const headers = {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(context !== '' && { link: `<${context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"` }),
      ...(of !== undefined && { 'ngsild-tenant': of }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    let answer: Answer;
    try {
      const response = await pool.request({
        method,
        path: `${base.pathname}ngsi-ld/v1/temporal/entities/${path}`,
        headers,
        body: body ?? null,
      });
      const text = await response.body.text();
      answer = { status: response.statusCode, body: parse(text) };
    } catch (error) {
      throw new RetryableError(`the broker did not answer: ${(error as Error).message}; run the same command again`);
    }
    const { status } = answer;
    if (status === 429 || (status >= 500 && !notOffered.has(status)) || status === 401 || status === 403)
      throw new RetryableError(`the broker answered ${status} when it was asked for its history; run the same command again`);
    return answer;
  }

  /** From `from` until before `to`. False: there is no history. */
  async function readInto(
    found: Map<string, HistoryInstance[]>,
    entity: Pick<Entity, 'id' | 'type'>,
    from: number,
    to: number,
    of: string | undefined,
  ): Promise<boolean> {
    const [timeAt, endTimeAt] = [from, to].map((moment) => new Date(moment).toISOString());
    const times = new URLSearchParams(`timerel=between&timeAt=${timeAt}&endTimeAt=${endTimeAt}`);
    const { status, body } = await call('GET', `${encodeURIComponent(entity.id)}?${times}`, contextOf(entity), of);
    if (notOffered.has(status) || (status === 404 && isServiceMissing(body))) return false;
    // There are more values than it gives at once. The range in the answer does not say of which attributes it left some out.
    if (status === 206 && to - from > 1) {
      const middle = from + Math.floor((to - from) / 2);
      return (await readInto(found, entity, from, middle, of)) && (await readInto(found, entity, middle, to, of));
    }
    if (status < 200 || status >= 300 || typeof body !== 'object' || body === null) return true;
    for (const [name, value] of Object.entries(body)) {
      if (!isMember(name)) found.set(name, [...(found.get(name) ?? []), ...instancesOf(value)]);
    }
    return true;
  }

  return {
    async read(entity, from, to, of = tenant) {
      const found = new Map<string, HistoryInstance[]>();
      // The end of a time is not in it.
      const isThere = await readInto(found, entity, Date.parse(from), Date.parse(to) + 1, of);
      return isThere ? found : 'none';
    },
    async change(entity, name, instanceId, attribute, of = tenant) {
      const path = `${encodeURIComponent(entity.id)}/attrs/${encodeURIComponent(name)}/${encodeURIComponent(instanceId)}`;
      const answer =
        attribute === undefined
          ? await call('DELETE', path, contextOf(entity), of)
          : await call('PATCH', path, contextOf(entity), of, JSON.stringify(attribute));
      // Gone meanwhile is as good as removed; any other refusal leaves the value as it was.
      return (answer.status >= 200 && answer.status < 300) || (attribute === undefined && answer.status === 404);
    },
    close() {
      void pool.destroy();
    },
  };
}

function isMember(name: string): boolean {
  return name === 'id' || name === 'type' || name.startsWith('@');
}

function instancesOf(value: unknown): HistoryInstance[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter(isObject).map(({ instanceId, createdAt: _created, modifiedAt: _modified, ...attribute }) => ({
    instanceId: typeof instanceId === 'string' ? instanceId : undefined,
    attribute: attribute as unknown as Attribute,
  }));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
