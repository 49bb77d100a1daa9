import type { Documents } from '../subscription/documents.ts';
import { statusOf, type StoredSubscription } from '../subscription/document.ts';
import { createMatcher, type Matcher } from '../subscription/match.ts';
import type { BrokerDeps, Change } from '../types.ts';
import type { Notified } from './body.ts';
import { createDelivery, LONGEST_TIMER_MS, type Delivery } from './delivery.ts';
import { createHttpSender } from './http.ts';
import { createMqttSender } from './mqtt.ts';

export interface Notifier {
  /** A subscription was created, changed or deleted. */
  refresh(tenant: string, id: string): void;
}

interface Live {
  readonly stored: StoredSubscription;
  /** undefined after its context could not be had: tried again with the next change. */
  matcher: Promise<Matcher> | undefined;
  readonly delivery: Delivery;
  /** Keeps the changes in order while the context is resolved. */
  tail: Promise<void>;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Watches the changes of the store and tells each subscription what concerns it. Loads the stored subscriptions at once. */
export function createNotifier(deps: BrokerDeps, subscriptions: Documents<StoredSubscription>): Notifier {
  const http = createHttpSender(deps.profile, deps.reach);
  const mqtt = createMqttSender(deps.reach);
  const senderFor = (uri: string): typeof http => (/^mqtts?:/.test(uri) ? mqtt : http);
  const live = new Map<string, Live>();

  function refresh(tenant: string, id: string): void {
    const key = `${tenant}\n${id}`;
    const known = live.get(key);
    clearInterval(known?.timer);
    const stored = subscriptions.get(tenant, id);
    if (stored === undefined) {
      live.delete(key);
      void known?.delivery.stop();
      return;
    }
    const { timeInterval } = stored.subscription;
    live.set(key, {
      stored,
      matcher: undefined,
      delivery: known?.delivery ?? createDelivery({ deps, subscriptions, senderFor, tenant, id }),
      tail: known?.tail ?? Promise.resolve(),
      timer:
        timeInterval === undefined ? undefined : setInterval(() => sendState(key), Math.min(timeInterval * 1000, LONGEST_TIMER_MS)).unref(),
    });
  }

  function whenMatched(one: Live, then: (matcher: Matcher) => void): void {
    one.tail = one.tail.then(async () => {
      try {
        one.matcher ??= deps.contexts.resolve(one.stored.qContext).then((context) => createMatcher(one.stored.subscription, context));
        then(await one.matcher);
      } catch (error) {
        one.matcher = undefined;
        deps.logger.warn({ subscription: one.stored.subscription.id, err: error }, 'a subscription cannot be evaluated');
      }
    });
  }

  /** A periodic notification: all entities it is about, as they are (5.8.6). */
  function sendState(key: string): void {
    const one = live.get(key);
    if (one === undefined || !isActive(one)) return;
    whenMatched(one, (matcher) => {
      const notices: Notified[] = [];
      for (const state of deps.store.list(one.stored.tenant)) if (matcher.entity(state)) notices.push({ state, attributes: new Set() });
      one.delivery.offer(notices);
    });
  }

  function isActive(one: Live): boolean {
    // Delivery pauses a subscription in the store, so what is stored now counts.
    const now = subscriptions.get(one.stored.tenant, one.stored.subscription.id);
    return now !== undefined && statusOf(now.subscription, deps.clock()) === 'active';
  }

  deps.changes.onCommitted((changes) => {
    for (const one of live.values()) {
      const own = changes.filter((change) => change.tenant === one.stored.tenant);
      if (own.length === 0 || one.stored.subscription.timeInterval !== undefined || !isActive(one)) continue;
      whenMatched(one, (matcher) => one.delivery.offer(own.flatMap((change) => noticeOf(change, matcher) ?? [])));
    }
  });
  deps.onClose(async () => {
    const all = [...live.values()];
    live.clear();
    for (const one of all) clearInterval(one.timer);
    const stopping = all.map((one) => one.delivery.stop());
    await Promise.all([http.close(), mqtt.close()]);
    await Promise.all(stopping);
  });
  for (const { tenant, subscription } of subscriptions.all()) refresh(tenant, subscription.id);
  return { refresh };
}

function noticeOf(change: Change, matcher: Matcher): Notified | undefined {
  const attributes = matcher.relevant(change);
  const state = change.after ?? change.before;
  return attributes === undefined || state === undefined ? undefined : { change, state, attributes };
}
