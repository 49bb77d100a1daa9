import { isUri } from '../input/names.ts';
import { Problem } from '../problems.ts';
import { parseGeo } from '../query/geo.ts';
import { parseQ, parseQOfBody } from '../query/q.ts';
import { parseScopeQ } from '../query/scope.ts';
import { parseTypes } from '../query/types.ts';
import type { BrokerDeps, Instant, Profile, ResolvedContext } from '../types.ts';
import { isObject } from '../input/shape.ts';
import { checksOf, isDateTime, type Json } from './checks.ts';
import { mapNames, type Subscription } from './document.ts';

const MEMBERS =
  'id type subscriptionName description entities watchedAttributes notificationTrigger timeInterval q geoQ scopeQ csf temporalQ isActive notification expiresAt throttling lang datasetId jsonldContext localOnly'.split(
    ' ',
  );
const NOTIFICATION_MEMBERS = 'attributes pick omit format endpoint sysAttrs showChanges join joinLevel'.split(' ');
/** Only the broker writes these; a client that sends back what it read is not refused. */
const READ_ONLY = ['status', 'createdAt', 'modifiedAt'];
const NOTIFICATION_READ_ONLY =
  'status timesSent timesFailed lastNotification lastSuccess lastFailure consecutiveErrors lastErrorReason'.split(' ');
const TRIGGERS = ['entityCreated', 'entityUpdated', 'entityDeleted', 'attributeCreated', 'attributeUpdated', 'attributeDeleted'] as const;
const FORMATS = ['normalized', 'concise', 'keyValues', 'simplified'] as const;
const ACCEPTED = ['application/json', 'application/ld+json', 'application/geo+json'] as const;
const NOT_IN_ORION = ['temporalQ', 'scopeQ', 'csf', 'notificationTrigger'];

const check = checksOf('Subscription');

/** A body as a subscription with expanded names; `id` already chosen. Throws `Problem` for whatever is wrong with it. */
export function readSubscription(body: Json, context: ResolvedContext, profile: Profile): Subscription {
  const written = without(body, READ_ONLY);
  check.object(written, '', MEMBERS);
  refuseForOrion(written, profile);
  check.uri(written['id'], 'id');
  check.oneOf(written['type'], 'type', ['Subscription']);
  const notification = without(check.object(written['notification'], 'notification'), NOTIFICATION_READ_ONLY);
  checkSelection(written, context, profile);
  checkConditions(written, context);
  checkTimes(written);
  checkNotification(notification, profile);
  for (const member of ['subscriptionName', 'description', 'lang']) if (member in written) check.text(written[member], member);
  if ('datasetId' in written) written['datasetId'] = datasetIds(written['datasetId']);
  if ('jsonldContext' in written && !/^https?:\/\/\S+$/.test(check.uri(written['jsonldContext'], 'jsonldContext'))) {
    check.refuse('jsonldContext', written['jsonldContext'], 'a URL');
  }
  return mapNames({ ...written, notification } as unknown as Subscription, (name) => context.expandName(name));
}

/** The context of its notifications has to be there when it is created. */
export async function checkContext(subscription: Subscription, deps: BrokerDeps): Promise<void> {
  if (subscription.jsonldContext !== undefined) await deps.contexts.resolve(subscription.jsonldContext);
}

function checkSelection(written: Json, context: ResolvedContext, profile: Profile): void {
  if (!('entities' in written) && !('watchedAttributes' in written)) {
    check.refuse('entities', undefined, 'a selection of entities, watchedAttributes or both');
  }
  for (const [index, one] of ('entities' in written ? check.list(written['entities'], 'entities') : []).entries()) {
    const at = `entities[${index}]`;
    const selector = check.object(one, at, ['id', 'idPattern', 'type']);
    if ('id' in selector) check.uri(selector['id'], `${at}.id`);
    if ('idPattern' in selector) check.pattern(selector['idPattern'], `${at}.idPattern`);
    parseTypes(check.text(selector['type'], `${at}.type`), context, profile);
  }
  if ('watchedAttributes' in written) check.texts(written['watchedAttributes'], 'watchedAttributes');
  for (const [index, one] of ('notificationTrigger' in written
    ? check.list(written['notificationTrigger'], 'notificationTrigger')
    : []
  ).entries()) {
    check.oneOf(one, `notificationTrigger[${index}]`, TRIGGERS);
  }
}

function checkConditions(written: Json, context: ResolvedContext): void {
  if ('q' in written) parseQOfBody(check.text(written['q'], 'q'), context);
  if ('csf' in written) parseQ(check.text(written['csf'], 'csf'), context);
  if ('scopeQ' in written) parseScopeQ(check.text(written['scopeQ'], 'scopeQ'));
  if ('temporalQ' in written) check.object(written['temporalQ'], 'temporalQ');
  if ('localOnly' in written) check.flag(written['localOnly'], 'localOnly');
  if (!('geoQ' in written)) return;
  const geo = check.object(written['geoQ'], 'geoQ', ['geometry', 'coordinates', 'georel', 'geoproperty']);
  if (parseGeo(geo, context) === undefined) check.refuse('geoQ', geo, 'georel, geometry and coordinates');
}

function checkTimes(written: Json): void {
  if ('isActive' in written) check.flag(written['isActive'], 'isActive');
  if ('throttling' in written) check.positive(written['throttling'], 'throttling');
  if ('timeInterval' in written) {
    check.positive(written['timeInterval'], 'timeInterval');
    for (const member of ['throttling', 'watchedAttributes']) {
      if (member in written) check.refuse(member, written[member], 'nothing together with timeInterval');
    }
    if (!('entities' in written)) check.refuse('entities', undefined, 'a selection of entities together with timeInterval');
  }
  if ('expiresAt' in written) check.dateTime(written['expiresAt'], 'expiresAt');
}

/** An expiry that a request brings lies ahead; one that is stored may have passed. */
export function checkExpiry(written: Json, now: Instant): void {
  const { expiresAt } = written;
  if (isDateTime(expiresAt) && Date.parse(expiresAt) <= Date.parse(now)) check.refuse('expiresAt', expiresAt, 'a DateTime in the future');
}

function checkNotification(notification: Json, profile: Profile): void {
  check.object(notification, 'notification', NOTIFICATION_MEMBERS);
  for (const member of ['attributes', 'pick', 'omit'])
    if (member in notification) check.texts(notification[member], `notification.${member}`);
  const { attributes, pick, omit } = notification as { attributes?: string[]; pick?: string[]; omit?: string[] };
  if (attributes !== undefined && (pick !== undefined || omit !== undefined)) {
    check.refuse('notification.attributes', attributes, 'nothing together with pick or omit');
  }
  const both = pick?.filter((name) => omit?.includes(name)) ?? [];
  if (both.length > 0) check.refuse('notification.omit', omit, `none of what pick asks for (${both.join(', ')})`);
  const format = 'format' in notification ? check.oneOf(notification['format'], 'notification.format', FORMATS) : 'normalized';
  for (const member of ['sysAttrs', 'showChanges']) if (member in notification) check.flag(notification[member], `notification.${member}`);
  if (notification['showChanges'] === true && (format === 'keyValues' || format === 'simplified')) {
    check.refuse('notification.showChanges', true, `false together with format ${format}`);
  }
  if ('join' in notification) check.oneOf(notification['join'], 'notification.join', ['flat', 'inline', '@none']);
  if ('joinLevel' in notification) check.positive(notification['joinLevel'], 'notification.joinLevel');
  checkEndpoint(notification['endpoint'], profile);
}

function checkEndpoint(value: unknown, profile: Profile): void {
  const at = 'notification.endpoint';
  const endpoint = check.object(value, at, ['uri', 'accept', 'receiverInfo', 'notifierInfo', 'timeout', 'cooldown']);
  const uri = check.uri(endpoint['uri'], `${at}.uri`);
  if (!/^(https?|mqtts?):\/\/./.test(uri) || !URL.canParse(uri)) check.refuse(`${at}.uri`, uri, 'an http, https, mqtt or mqtts URI');
  if (/^mqtts?:/.test(uri) && new URL(uri).pathname.length < 2) check.refuse(`${at}.uri`, uri, 'mqtt://host[:port]/topic');
  if (profile === 'orion' && uri.startsWith('mqtts:'))
    throw new Problem('OperationNotSupported', 'Not implemented', 'mqtts endpoints', { status: 501 });
  if ('accept' in endpoint) check.oneOf(endpoint['accept'], `${at}.accept`, ACCEPTED);
  if ('receiverInfo' in endpoint) check.pairs(endpoint['receiverInfo'], `${at}.receiverInfo`);
  for (const { key, value: info } of 'notifierInfo' in endpoint ? check.pairs(endpoint['notifierInfo'], `${at}.notifierInfo`) : []) {
    if (key === 'MQTT-Version') check.oneOf(info, `${at}.notifierInfo MQTT-Version`, ['mqtt3.1.1', 'mqtt5.0']);
    if (key === 'MQTT-QoS') check.oneOf(info, `${at}.notifierInfo MQTT-QoS`, ['0', '1', '2']);
  }
  for (const member of ['timeout', 'cooldown']) {
    if (!(member in endpoint)) continue;
    if (profile === 'orion') check.refuse(`${at}.${member}`, endpoint[member], 'no such member');
    check.positive(endpoint[member], `${at}.${member}`);
  }
}

function refuseForOrion(written: Json, profile: Profile): void {
  const found = profile === 'orion' ? NOT_IN_ORION.find((member) => member in written) : undefined;
  if (found !== undefined) throw new Problem('OperationNotSupported', 'Not implemented', found, { status: 501 });
}

function datasetIds(value: unknown): string[] {
  const given = typeof value === 'string' ? [value] : check.texts(value, 'datasetId');
  for (const one of given) if (one !== '@none' && !isUri(one)) check.refuse('datasetId', one, 'a URI or @none');
  return given;
}

function without(source: Json, members: readonly string[]): Json {
  return Object.fromEntries(Object.entries(source).filter(([member]) => !members.includes(member)));
}

/** The stored document with a fragment applied (RFC 7396): objects are merged, null removes. */
export function mergeFragment(document: Json, fragment: Json): Json {
  const merged: Json = { ...document };
  for (const [member, value] of Object.entries(fragment)) {
    const before = merged[member];
    if (value === null || value === 'urn:ngsi-ld:null') delete merged[member];
    else if (member !== 'geoQ' && isObject(value)) merged[member] = mergeFragment(isObject(before) ? before : {}, value);
    else merged[member] = value;
  }
  return merged;
}
