/** Entity states as a broker tells them: in notifications, in answers to queries, in histories. Pure. */
import { createHash } from 'node:crypto';
import { booleanIntersects } from '@turf/boolean-intersects';

import { err, ok, type Result } from '../core/result.ts';
import { ringOf } from './documents.ts';
import type { Area } from './partner.ts';

/** An entity in normalized form with the broker's own times in it (`sysAttrs`). */
export type State = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

export interface Notice {
  readonly subscriptionId: string;
  readonly states: readonly State[];
}

/** The body of a notification (ETSI GS CIM 009, 5.3.1), or what is wrong with it. */
export function readNotice(body: unknown): Result<Notice, string> {
  if (!isObject(body) || typeof body['subscriptionId'] !== 'string' || !Array.isArray(body['data'])) {
    return err('a notification with subscriptionId and data is expected');
  }
  const data: unknown[] = body['data'];
  const wrong = data.findIndex((one) => !isState(one));
  if (wrong >= 0) return err(`data[${wrong}] is no entity with an id, a type and attributes`);
  return ok({ subscriptionId: body['subscriptionId'], states: data as State[] });
}

function isState(value: unknown): value is State {
  if (!isObject(value) || typeof value['id'] !== 'string' || typeof value['type'] !== 'string') return false;
  return Object.values(value).every((one) => one !== null);
}

/** The entities of an answer. */
export function statesOf(body: unknown): State[] {
  return Array.isArray(body) ? body.filter(isState) : [];
}

const members = new Set(['id', 'type', '@context', 'scope', 'createdAt', 'modifiedAt', 'deletedAt', 'expiresAt']);
const brokersOwn = new Set(['@context', 'createdAt', 'modifiedAt', 'deletedAt', 'instanceId']);

/** Instances of an attribute; several where it has several datasets. */
export function attributesOf(state: State): [name: string, instances: readonly Readonly<Record<string, unknown>>[]][] {
  return Object.entries(state)
    .filter(([name]) => !members.has(name))
    .map(([name, value]) => [name, (Array.isArray(value) ? (value as unknown[]) : [value]).filter(isObject)]);
}

/** When the state came to be at the broker, milliseconds; without its times the newest measurement; 0: nothing says. */
export function stampOf(state: State): number {
  const own = time(state['modifiedAt'] ?? state['deletedAt']);
  if (own > 0) return own;
  const instances = attributesOf(state).flatMap(([, all]) => all);
  return Math.max(0, ...instances.map((one) => time(one['modifiedAt'])), ...instances.map((one) => time(one['observedAt'])));
}

export function isRemoved(state: State): boolean {
  return state['deletedAt'] !== undefined;
}

/** The state as a partner gets it: without the broker's own times. */
export function plain(state: State): State {
  return Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => !brokersOwn.has(name))
      .map(([name, value]) => [name, members.has(name) ? value : bare(value)]),
  ) as State;
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !brokersOwn.has(name))
      // Sub-attributes are objects with a type; values are left as they are.
      .map(([name, inner]) => [
        name,
        isObject(inner) && typeof inner['type'] === 'string' && !valueMembers.has(name) ? bare(inner) : inner,
      ]),
  );
}

const valueMembers = new Set(['value', 'object', 'languageMap', 'vocab', 'json', 'valueList', 'objectList']);

/** One short text for what a state says, in whatever order it says it. */
export function digestOf(state: State): string {
  return hash(canonical(plain(state)));
}

/** Keys by which values are known again, whether they come in a notification or out of a history. `since`: only of what changed then or later. */
export function keysOf(state: State, since = 0): string[] {
  return attributesOf(state).flatMap(([name, instances]) =>
    instances
      .filter((one) => time(one['modifiedAt']) >= since || one['modifiedAt'] === undefined)
      .map((one) => {
        const at = one['observedAt'] ?? one['modifiedAt'] ?? state['modifiedAt'];
        return hash(canonical([state.id, name, one['datasetId'], time(at), bare({ ...one, observedAt: undefined })]));
      }),
  );
}

/** Whether it lies in the area; without a place it does not. The broker is asked for this too, but not every broker does it. */
export function liesIn(state: State, area: Area): boolean {
  const [instances] = attributesOf(state).filter(([name]) => name === 'location');
  const geometry = instances?.[1][0]?.['value'];
  if (!isObject(geometry) || typeof geometry['type'] !== 'string') return false;
  try {
    return booleanIntersects(geometry as unknown as Parameters<typeof booleanIntersects>[0], {
      type: 'Polygon',
      coordinates: ringOf(area),
    });
  } catch {
    return false;
  }
}

export function time(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? 0 : ms;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? '';
  const pairs = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${pairs
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`)
    .join(',')}}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
