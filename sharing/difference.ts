/** What differs between a document at a broker and what it is to be. Pure. */
import type { Wanted } from './documents.ts';

export interface Difference {
  /** Path of the member, `notification.endpoint.uri`. */
  readonly member: string;
  /** As it stands at the broker; undefined: not there. */
  readonly is: unknown;
  /** Undefined: it is to go. */
  readonly wanted: unknown;
}

/** Written by brokers; says nothing of what was asked for. */
const ofTheBroker = new Set([
  'id',
  '@context',
  'status',
  'createdAt',
  'modifiedAt',
  'origin',
  'jsonldContext',
  'timesSent',
  'timesFailed',
  'lastNotification',
  'lastSuccess',
  'lastFailure',
  'lastErrorReason',
  'consecutiveErrors',
  'consecutiveFailures',
]);
/** Lists in which the order means nothing. */
const unordered = new Set([
  'attributes',
  'watchedAttributes',
  'propertyNames',
  'relationshipNames',
  'operations',
  'receiverInfo',
  'notificationTrigger',
]);
/** What brokers add by themselves, with the value that changes nothing. */
const neutral: Readonly<Record<string, unknown>> = {
  'geoQ.geoproperty': 'location',
  'notification.sysAttrs': false,
  'notification.showChanges': false,
};

/** Member by member; lists are compared as a whole. */
export function differencesOf(wanted: Wanted, actual: Readonly<Record<string, unknown>>): Difference[] {
  const { notificationTrigger, ...rest } = actual;
  const optional = notificationTrigger === undefined ? {} : (wanted.optional ?? {});
  const found = compare(
    { ...wanted.body, ...optional },
    { ...rest, ...(notificationTrigger !== undefined && { notificationTrigger }) },
    '',
  );
  return found.filter(({ member, is, wanted: to }) => !(to === undefined && neutral[member] !== undefined && neutral[member] === is));
}

function compare(wanted: Readonly<Record<string, unknown>>, actual: Readonly<Record<string, unknown>>, path: string): Difference[] {
  const names = new Set([...Object.keys(wanted), ...Object.keys(actual).filter((name) => !ofTheBroker.has(name))]);
  return [...names].flatMap((name): Difference[] => {
    const member = path === '' ? name : `${path}.${name}`;
    const to = wanted[name];
    const is = actual[name];
    if (isObject(to) && isObject(is)) return compare(to, is, member);
    return canonical(to, name) === canonical(is, name) ? [] : [{ member, is, wanted: to }];
  });
}

/** One text for all forms of the same value: brokers give back a list of one as its only member, and lists in another order. */
function canonical(value: unknown, name: string): string {
  const plain: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (Array.isArray(plain)) {
    const texts = plain.map((one) => canonical(one, ''));
    return `[${(unordered.has(name) ? texts.sort() : texts).join(',')}]`;
  }
  if (isObject(plain)) {
    const members = Object.entries(plain).sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${members.map(([key, one]) => `${key}:${canonical(one, key)}`).join(',')}}`;
  }
  return JSON.stringify(plain) ?? 'nothing';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For the operator: what stands there and what is to. Tokens are not shown. */
export function describe({ member, is, wanted }: Difference): string {
  if (/receiverInfo/.test(member))
    return `${member}: ${is === undefined ? 'nothing' : '(hidden)'} → ${wanted === undefined ? 'nothing' : '(hidden)'}`;
  const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  return `${member}: ${show(is)} → ${show(wanted)}`;
}
