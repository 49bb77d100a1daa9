import type { Documents } from '../subscription/documents.ts';
import { statusOf, type DeliveryState, type StoredSubscription } from '../subscription/document.ts';
import type { Json } from '../subscription/checks.ts';
import type { BrokerDeps, ResolvedContext } from '../types.ts';
import { notificationBody, type Notified } from './body.ts';
import { mergeNotices } from './merge.ts';
import type { Message, Sender } from './send.ts';

const TIMEOUT_MS = 5_000;
/** Notifications that wait behind a slow receiver; what comes beyond is told together with the last one. */
const MOST_WAITING = 1_000;
/** From so many on, those of different entities go in one notification. */
const MANY_WAITING = 10;
const MOST_TOGETHER = 100;
/** Node fires a longer timer at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Orion-LD gives a receiver up after so many failures in a row. */
const FAILURES_TO_PAUSE = 3;

/** Brings the notifications of one subscription to its endpoint, one after the other, never more often than it allows. */
export interface Delivery {
  offer(notices: readonly Notified[]): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

export interface DeliveryOptions {
  readonly deps: BrokerDeps;
  readonly subscriptions: Documents<StoredSubscription>;
  readonly senderFor: (uri: string) => Sender;
  readonly tenant: string;
  readonly id: string;
}

export function createDelivery({ deps, subscriptions, senderFor, tenant, id }: DeliveryOptions): Delivery {
  const waiting: Notified[][] = [];
  let held: Notified[] = [];
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let stopped = false;

  function offer(notices: readonly Notified[]): void {
    const stored = subscriptions.get(tenant, id);
    if (stopped || stored === undefined || notices.length === 0) return;
    const pause = pauseMs(stored, deps);
    if (pause > 0 || timer !== undefined) {
      // Orion-LD forgets what falls into the pause; the specification leaves room to tell the last state after it.
      if (deps.profile === 'orion') return;
      held = mergeNotices(held, notices);
      timer ??= setTimeout(release, Math.min(pause, LONGEST_TIMER_MS));
      return;
    }
    const last = waiting.at(-1);
    if (last !== undefined && waiting.length >= MOST_WAITING) waiting[waiting.length - 1] = mergeNotices(last, notices);
    else waiting.push(mergeNotices([], notices));
    start();
  }

  function start(): void {
    if (stopped || waiting.length === 0) return;
    working ??= work().finally(() => {
      working = undefined;
      start();
    });
  }

  function release(): void {
    timer = undefined;
    const notices = held;
    held = [];
    offer(notices);
  }

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined && !stopped; next = waiting.shift()) {
      const stored = subscriptions.get(tenant, id);
      if (stored === undefined || statusOf(stored.subscription, deps.clock()) !== 'active') continue;
      // A pause may have begun with the message before.
      if (pauseMs(stored, deps) > 0) offer(next);
      else await deliver(stored, waiting.length < MANY_WAITING ? next : together(next));
    }
  }

  /** With those that wait behind it, each entity once, so that no value of any is left out. */
  function together(first: readonly Notified[]): readonly Notified[] {
    const all = [...first];
    const ids = new Set(first.map(({ state }) => state.id));
    for (let next = waiting[0]; next !== undefined && all.length < MOST_TOGETHER; next = waiting[0]) {
      if (next.some(({ state }) => ids.has(state.id))) break;
      for (const { state } of next) ids.add(state.id);
      all.push(...next);
      waiting.shift();
    }
    return all;
  }

  async function deliver(stored: StoredSubscription, notices: readonly Notified[]): Promise<void> {
    const at = deps.clock();
    record((state) => ({ ...state, timesSent: state.timesSent + 1, lastNotification: at }));
    try {
      const { endpoint } = stored.subscription.notification;
      await senderFor(endpoint.uri).send(await messageOf(stored, notices, deps));
      record(({ lastErrorReason: _gone, ...state }) => ({ ...state, lastSuccess: deps.clock(), consecutiveErrors: 0 }));
    } catch (error) {
      const lastErrorReason = error instanceof Error ? error.message : String(error);
      record((state) => ({
        ...state,
        timesFailed: state.timesFailed + 1,
        lastFailure: deps.clock(),
        lastErrorReason,
        consecutiveErrors: state.consecutiveErrors + 1,
      }));
      deps.logger.debug({ subscription: id, reason: lastErrorReason }, 'a notification was not taken');
    }
  }

  function record(change: (state: DeliveryState) => DeliveryState): void {
    const stored = stopped ? undefined : subscriptions.get(tenant, id);
    if (stored === undefined) return;
    const state = change(stored.state);
    const pauses = deps.profile === 'orion' && state.consecutiveErrors >= FAILURES_TO_PAUSE;
    const subscription = pauses ? { ...stored.subscription, isActive: false } : stored.subscription;
    subscriptions.set(tenant, id, { ...stored, subscription, state });
  }

  return {
    offer,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}

/** How long nothing may be sent: the rest of throttling after the last notification, of cooldown after a failure. */
function pauseMs({ subscription, state }: StoredSubscription, deps: BrokerDeps): number {
  const { throttling, notification } = subscription;
  const throttled =
    throttling === undefined || state.lastNotification === undefined ? 0 : Date.parse(state.lastNotification) + throttling * 1000;
  const { cooldown } = notification.endpoint;
  const cooling =
    cooldown === undefined || state.lastFailure === undefined || state.consecutiveErrors === 0
      ? 0
      : Date.parse(state.lastFailure) + cooldown;
  return Math.max(throttled, cooling) - Date.parse(deps.clock());
}

async function messageOf(stored: StoredSubscription, notices: readonly Notified[], deps: BrokerDeps): Promise<Message> {
  const { subscription, tenant } = stored;
  const { endpoint, format } = subscription.notification;
  const context = await deps.contexts.resolve(subscription.jsonldContext ?? stored.context);
  const accept = endpoint.accept ?? 'application/json';
  const isLd = accept === 'application/ld+json';
  const body = notificationBody(subscription, notices, context, deps.clock(), (id) => deps.store.get(tenant, id));
  const headers = {
    'Content-Type': accept,
    ...(!isLd && { Link: linkOf(context, deps) }),
    ...(tenant !== '' && { 'NGSILD-Tenant': tenant }),
    ...(deps.profile === 'orion' && { 'Ngsild-Attribute-Format': ORION_FORMAT[format ?? 'normalized'] }),
    ...Object.fromEntries((endpoint.receiverInfo ?? []).map(({ key, value }) => [key, value])),
  };
  return {
    endpoint,
    headers,
    body: isLd ? withContext(body, deps.contexts.body(context)) : body,
    timeoutMs: endpoint.timeout ?? TIMEOUT_MS,
  };
}

/** The notification and each entity of it can be read alone, as entities of an answer can. */
function withContext(body: Json, context: unknown): Json {
  const data = (body['data'] as Json[]).map((entity) => ({ '@context': context, ...entity }));
  return { '@context': context, ...body, data };
}

const ORION_FORMAT = { normalized: 'Normalized', concise: 'Concise', keyValues: 'Simplified', simplified: 'Simplified' } as const;

function linkOf(context: ResolvedContext, deps: BrokerDeps): string {
  return `<${deps.contexts.link(context)}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
}
