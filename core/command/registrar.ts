import { createHash } from 'node:crypto';

import { isServiceMissing, type Answer } from '../deliver/answer.ts';
import { jitter, Signal } from '../deliver/backoff.ts';
import type { BrokerClient } from '../deliver/client.ts';
import type { StateStore } from '../outbox/outbox.ts';
import type { Logger } from '../service/log.ts';

/** An entity that takes commands, and their names. */
export interface Commanded {
  readonly entityId: string;
  readonly entityType: string;
  readonly names: readonly string[];
}

export interface RegistrarOptions {
  readonly client: Pick<BrokerClient, 'register' | 'registration' | 'unregister'>;
  /** Where the broker reaches the commands; `/ngsi-ld/v1/…` is added by it. */
  readonly endpoint: string;
  /** Whether a command needs a token: the broker then passes on the `Authorization` of whoever changes the attribute. */
  readonly hasToken: boolean;
  commanded(): readonly Commanded[];
  /** URL of the context in which an entity of this type goes to the broker; empty: none. */
  contextOf(entityType: string): string;
  readonly state: StateStore;
  readonly logger: Logger;
  /** How often changes of the registry are looked for; default 15 s. */
  readonly everyMs?: number;
  readonly random?: () => number;
}

export interface Registrar {
  /** Devices changed: look now. */
  changed(): void;
  stop(): Promise<void>;
}

const stateKey = 'core/registrations';
/** A broker that lost its registrations is found out after so many looks. */
const looksBetweenChecks = 40;
const longestPauseMs = 60_000;

interface Registration {
  readonly id: string;
  readonly entityId: string;
  readonly body: string;
  readonly context: string;
  /** By which a changed one is told. */
  readonly version: string;
}

/**
 * Registers Klavže at the broker as the source of the attributes that are commands, so that a change of one at the broker is forwarded here:
 * one exclusive registration for each entity. What is at the broker already stays; what is no longer wanted is removed; while the broker does not
 * answer it is tried again.
 */
export function startRegistrar(options: RegistrarOptions): Registrar {
  const { client, state, logger, everyMs = 15_000, random = Math.random } = options;
  const kept = new Map(Object.entries((state.get(stateKey) ?? {}) as Record<string, string>));
  const checked = new Set<string>();
  const refused = new Map<string, string>();
  const signal = new Signal();
  const abort = new AbortController();
  let looks = 0;
  let failures = 0;
  let isStale = false;

  const keep = (): void => state.set(stateKey, Object.fromEntries(kept));

  /** True when done with this one: in place, or refused in a way that waiting does not heal. */
  async function put(wanted: Registration): Promise<boolean> {
    const { id, entityId, version } = wanted;
    const there = await client.registration(id, abort.signal);
    if (there.status !== 200 && there.status !== 404) return settled(entityId, there);
    if (there.status === 200) {
      if (kept.get(id) === version) return done(wanted);
      const gone = await client.unregister(id, abort.signal);
      if (!isGone(gone)) return settled(entityId, gone);
    }
    const answer = await client.register(wanted.body, wanted.context, abort.signal);
    if (answer.status !== 201) return settled(entityId, answer);
    kept.set(id, version);
    keep();
    logger.info({ entity: entityId, registration: id }, 'commands of the entity are registered at the broker');
    return done(wanted);
  }

  function done({ id, entityId }: Registration): true {
    checked.add(id);
    refused.delete(entityId);
    return true;
  }

  function settled(entityId: string, answer: Answer): boolean {
    const isWaiting = answer.status === 0 || answer.status >= 500 || answer.status === 429;
    const reason = answer.failure ?? `${answer.status} ${JSON.stringify(answer.body) ?? ''}`.slice(0, 300);
    if (refused.get(entityId) !== reason && !abort.signal.aborted) {
      logger.warn({ entity: entityId, reason }, 'the broker does not register the commands of the entity');
      refused.set(entityId, reason);
    }
    return !isWaiting;
  }

  async function look(): Promise<boolean> {
    const wanted = new Map(
      options
        .commanded()
        .map((one) => registrationOf(one, options))
        .map((one) => [one.id, one]),
    );
    for (const id of kept.keys()) {
      if (wanted.has(id)) continue;
      const answer = await client.unregister(id, abort.signal);
      if (!isGone(answer)) return false;
      kept.delete(id);
      keep();
    }
    if (looks++ % looksBetweenChecks === 0) checked.clear();
    let isDone = true;
    for (const one of wanted.values()) {
      if (abort.signal.aborted) return false;
      if (checked.has(one.id) && kept.get(one.id) === one.version) continue;
      isDone = (await put(one)) && isDone;
    }
    return isDone;
  }

  async function run(): Promise<void> {
    while (!abort.signal.aborted) {
      isStale = false;
      failures = (await look()) ? 0 : failures + 1;
      if (abort.signal.aborted || isStale) continue;
      await signal.wait(failures === 0 ? everyMs : 500 + jitter(failures, 1000, longestPauseMs, random));
    }
  }
  const running = run().catch((error: unknown) =>
    logger.error({ error }, 'commands are no longer registered at the broker; restart klavze'),
  );

  return {
    changed() {
      isStale = true;
      signal.fire();
    },
    async stop() {
      abort.abort();
      signal.fire();
      await running;
    },
  };
}

function isGone({ status, body }: Answer): boolean {
  return (status >= 200 && status < 300) || (status === 404 && !isServiceMissing(body));
}

function registrationOf({ entityId, entityType, names }: Commanded, { endpoint, hasToken, contextOf }: RegistrarOptions): Registration {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
  const id = `urn:ngsi-ld:ContextSourceRegistration:klavze-${hash(entityId)}`;
  const body = JSON.stringify({
    id,
    type: 'ContextSourceRegistration',
    registrationName: 'klavze-commands',
    mode: 'exclusive',
    operations: ['updateOps', 'mergeEntity'],
    information: [{ entities: [{ id: entityId, type: entityType }], propertyNames: names }],
    endpoint,
    // The token itself would be there for every reader of registrations.
    ...(hasToken && { contextSourceInfo: [{ key: 'Authorization', value: 'urn:ngsi-ld:request' }] }),
  });
  const context = contextOf(entityType);
  return { id, entityId, body, context, version: hash(`${context} ${body}`) };
}
