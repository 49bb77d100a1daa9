import { levelOfAttribute, levelOfType, mayRead } from '../core/access/levels.ts';
import { parseQ, pathsOf } from '../core/access/q.ts';
import type { Model, Models } from '../core/entity/models.ts';

export type Mode = 'relay' | 'subscription' | 'mqtt' | 'federation';
export type Form = 'normalized' | 'concise' | 'keyValues';

/** One entity type that a partner gets, with its attributes. */
export interface Share {
  readonly type: string;
  readonly attributes: 'all' | readonly string[];
  readonly q?: string;
}

/** [west, south, east, north], degrees. */
export type Area = readonly [west: number, south: number, east: number, north: number];

export interface Auth {
  readonly kind: 'none' | 'token' | 'oauth2';
  readonly header: 'Authorization' | 'X-Auth-Token';
  readonly tokenUrl?: string;
  readonly clientId?: string;
  readonly scope?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
}

/** From the environment only. */
export interface PartnerSecrets {
  readonly token?: string;
  readonly clientSecret?: string;
  readonly username?: string;
  readonly password?: string;
}

/** `partners/<name>.yaml`; keys: `schemas/partner.schema.json`. */
export interface Partner {
  readonly name: string;
  readonly mode: Mode;
  readonly endpoint: string;
  readonly target: 'notification' | 'upsert';
  readonly entities: readonly Share[];
  readonly area?: Area;
  readonly tenant?: string;
  readonly context?: string;
  readonly form: Form;
  readonly throttling?: number;
  readonly history: 'newest' | 'full';
  readonly auth: Auth;
  readonly secrets: PartnerSecrets;
}

/** A fault that a schema cannot see, with the path to where it stands. */
export interface PartnerFault {
  readonly path: readonly string[];
  readonly message: string;
}

const known = (names: Iterable<string>): string => [...names].sort().join(', ');

/** What cannot work although every key is right. Pure. */
export function faultsOf(partner: Partner, models: Models): PartnerFault[] {
  const faults: PartnerFault[] = [];
  const say = (path: string, message: string): void => void faults.push({ path: path.split('.'), message });
  const { mode, endpoint, auth, secrets, area } = partner;
  const isMqtt = /^mqtts?:/.test(endpoint);
  if ((mode === 'mqtt') !== isMqtt)
    say('endpoint', `is ${endpoint}; mode ${mode} expects ${mode === 'mqtt' ? 'mqtt://host:port/topic' : 'http:// or https://'}`);
  if (mode === 'mqtt' && isMqtt && topicOf(endpoint) === undefined)
    say('endpoint', 'names no topic; expected mqtt://host:port/topic without + and #');
  if (area !== undefined && (area[0] >= area[2] || area[1] >= area[3]))
    say('area', `is [${area.join(', ')}]; expected [west, south, east, north], such as [13.75, 45.9, 14.2, 46.2]`);
  sayTypes(partner, models, say);
  sayAuth(partner, say);
  if (mode === 'subscription' && auth.kind === 'oauth2')
    say('auth.kind', 'is oauth2, whose tokens run out; a broker cannot renew them: use mode relay');
  if (mode === 'subscription' && (auth.certFile ?? auth.caFile) !== undefined)
    say('auth', 'names certificates, which the broker would not use; use mode relay');
  if (mode === 'subscription' && partner.history === 'full')
    say('history', 'is full, which a subscription of the broker alone cannot promise; use mode relay');
  if (mode === 'subscription' && partner.target === 'upsert') say('target', 'is upsert, which a broker does not do; use mode relay');
  if (auth.kind === 'oauth2' && secrets.clientSecret === undefined)
    say('auth.kind', `is oauth2, but ${variableOf(partner.name, 'CLIENT_SECRET')} is not set`);
  if (auth.kind === 'token' && secrets.token === undefined)
    say('auth.kind', `is token, but ${variableOf(partner.name, 'TOKEN')} is not set`);
  return faults;
}

function sayTypes(partner: Partner, models: Models, say: (path: string, message: string) => void): void {
  const seen = new Set<string>();
  for (const [index, { type, attributes }] of partner.entities.entries()) {
    if (seen.has(type)) say(`entities.${index}.type`, `is ${type} a second time; write its attributes in one list`);
    seen.add(type);
    const model = models.types.get(type);
    if (model !== undefined) sayLevels(partner.entities[index] as Share, index, model, say);
    // With a context of their own the names are theirs.
    if (partner.context !== undefined) continue;
    if (model === undefined) {
      say(`entities.${index}.type`, `is "${type}"; known: ${known(models.types.keys())}; another type needs "context"`);
      continue;
    }
    for (const name of attributes === 'all' ? [] : attributes) {
      if (model.attributes[name] === undefined)
        say(
          `entities.${index}.attributes`,
          `names "${name}", which ${type} does not have; it has: ${known(Object.keys(model.attributes))}`,
        );
    }
  }
}

/** What is internal leaves to nobody, and what leaves does not depend on it either. */
function sayLevels({ type, attributes, q }: Share, index: number, model: Model, say: (path: string, message: string) => void): void {
  if (!mayRead('partner', levelOfType(model))) {
    say(`entities.${index}.type`, `is "${type}", which is internal; partners get what is open or partner (docs/access.md)`);
    return;
  }
  const isInternal = (name: string): boolean => model.attributes[name] !== undefined && !mayRead('partner', levelOfAttribute(model, name));
  for (const name of attributes === 'all' ? [] : attributes.filter(isInternal))
    say(`entities.${index}.attributes`, `names "${name}", which is internal; partners get what is open or partner (docs/access.md)`);
  const read = q === undefined ? undefined : parseQ(q);
  if (typeof read === 'string') say(`entities.${index}.q`, `is not understood: ${read}`);
  else
    for (const { names } of read === undefined ? [] : pathsOf(read))
      if (isInternal(names[0] ?? '')) say(`entities.${index}.q`, `asks for "${names[0]}", which is internal; what leaves would tell of it`);
}

function sayAuth({ auth }: Partner, say: (path: string, message: string) => void): void {
  if (auth.kind === 'oauth2' && (auth.tokenUrl === undefined || auth.clientId === undefined))
    say('auth', 'is oauth2 and needs tokenUrl and clientId');
  if ((auth.certFile === undefined) !== (auth.keyFile === undefined)) say('auth', 'needs certFile and keyFile together');
}

/** The environment variable of a partner's secret. */
function variableOf(partner: string, secret: 'TOKEN' | 'CLIENT_SECRET'): string {
  return `KLAVZE_PARTNER_${partner.toUpperCase().replaceAll('-', '_')}_${secret}_FILE`;
}

/** The topic in an MQTT endpoint; undefined where there is none that can be published to. */
export function topicOf(endpoint: string): string | undefined {
  const topic = decodeURIComponent(new URL(endpoint).pathname).replace(/^\//, '');
  return topic === '' || /[+#\0]/.test(topic) ? undefined : topic;
}
