import { ConfigError } from '../core/errors.ts';
import { createDocuments, type Documents } from './documents-api.ts';
import { contextOf, wantedOf, type Surroundings } from './documents.ts';
import { exposureOf, withheldFrom } from './exposure.ts';
import type { Caller } from './http.ts';
import type { Partner } from './partner.ts';
import { applyStep, planAt, type SiteSteps } from './reconcile.ts';
import { callerTo } from './transports.ts';

/** Steps at one broker. */
export interface SitePlan extends SiteSteps {
  /** Where: our broker, or that of a partner who pulls. */
  readonly url: string;
  readonly documents: Documents;
}

export interface PlanOptions {
  readonly partners: readonly Partner[];
  readonly around: Surroundings;
  readonly broker: { readonly url: string; readonly caller: Caller };
  /** Only this partner. */
  readonly only?: string;
}

export interface SharingPlan {
  /** Devices of which a partner gets nothing although it gets such types. */
  readonly withheld: readonly { readonly partner: string; readonly devices: readonly string[] }[];
  readonly sites: readonly SitePlan[];
  close(): void;
}

/**
 * The difference between what is declared and what the brokers hold.
 * @throws {RetryableError} while a broker cannot be asked. @throws {ConfigError} where a registration would make a loop,
 * or a mode would give away what is internal.
 */
export async function planSharing({ partners, around, broker, only }: PlanOptions): Promise<SharingPlan> {
  const chosen = partners.filter(({ name }) => only === undefined || name === only);
  if (only !== undefined && chosen.length === 0)
    throw new ConfigError(`there is no partner "${only}"; known: ${partners.map(({ name }) => name).join(', ') || 'none'}`);
  const exposures = chosen.flatMap((partner) => exposureOf(partner, around) ?? []);
  if (exposures.length > 0) throw new ConfigError('what is internal would leave', exposures);
  const callers: Caller[] = [];
  const close = (): void => {
    for (const caller of callers) caller.close();
  };
  try {
    const ours = createDocuments(broker.url, broker.caller);
    const pushed = chosen.filter(({ mode }) => mode !== 'federation').flatMap((partner) => wantedOf(partner, around));
    const { instance } = around;
    const here = await planAt(ours, pushed, { kind: 'subscriptions', instance, only });
    const sites: SitePlan[] = [{ url: broker.url, documents: ours, ...here }];
    for (const partner of chosen.filter(({ mode }) => mode === 'federation')) {
      await refuseLoop(partner, ours, around);
      const caller = callerTo(partner);
      callers.push(caller);
      const documents = createDocuments(partner.endpoint, caller);
      const scope = { kind: 'csourceRegistrations', instance, only: partner.name, types: around.knownTypes } as const;
      sites.push({ url: partner.endpoint, documents, ...(await planAt(documents, wantedOf(partner, around), scope)) });
    }
    const withheld = chosen.map((partner) => ({ partner: partner.name, devices: withheldFrom(partner, around) }));
    return { sites, withheld: withheld.filter(({ devices }) => devices.length > 0), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Does what the plan says; `done` is told of each step. */
export async function applyPlan({ sites }: SharingPlan, done: (step: SiteSteps['steps'][number], url: string) => void): Promise<void> {
  for (const { url, documents, steps } of sites) {
    for (const step of steps) {
      await applyStep(documents, step);
      done(step, url);
    }
  }
}

/** Two brokers that ask each other for the same would ask for ever. */
async function refuseLoop(partner: Partner, ours: Documents, around: Surroundings): Promise<void> {
  const host = (url: unknown): string => (typeof url === 'string' && URL.canParse(url) ? new URL(url).host : '');
  if (host(partner.endpoint) === host(around.publicUrl))
    throw new ConfigError(
      `${partner.name}: its endpoint ${partner.endpoint} is our own public address; a broker must not be registered with itself`,
    );
  const types = partner.entities.map(({ type }) => ({ type, context: contextOf(partner, type, around) }));
  for (const registration of await ours.registrations(types)) {
    if (host(registration['endpoint']) !== host(partner.endpoint)) continue;
    const operations = JSON.stringify(registration['operations'] ?? ['federationOps']);
    if (!/retrieve|query|federationOps/.test(operations)) continue;
    throw new ConfigError(
      `${partner.name}: our broker asks ${partner.endpoint} itself (registration ${String(registration['id'])}); both ways make a loop: remove one of them`,
    );
  }
}
