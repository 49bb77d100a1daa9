import { geometryFault } from '../../../core/entity/geojson.ts';
import { isObject } from '../input/shape.ts';
import { checksOf, isDateTime, type Json } from '../subscription/checks.ts';
import type { ResolvedContext } from '../types.ts';
import { mapRegistration, type Registration } from './document.ts';

const MEMBERS =
  'id type registrationName description information tenant observationInterval managementInterval location observationSpace operationSpace expiresAt endpoint contextSourceInfo scope mode operations refreshRate management hostAlias datasetId contextSourceAlias contextSourceExtras contextSourceTimeAt contextSourceUptime'.split(
    ' ',
  );
/** Only the broker writes these. */
const READ_ONLY = ['status', 'timesSent', 'timesFailed', 'lastSuccess', 'lastFailure', 'createdAt', 'modifiedAt'];
const MODES = ['inclusive', 'exclusive', 'redirect', 'auxiliary'] as const;

/** Table 4.20-1 and the groups of 4.20-2. */
const RETRIEVALS =
  'retrieveOps retrieveEntity queryEntity queryBatch retrieveTemporal queryTemporal retrieveEntityTypes retrieveEntityTypeDetails retrieveEntityTypeInfo retrieveAttrTypes retrieveAttrTypeDetails retrieveAttrTypeInfo retrieveSubscription querySubscription createSubscription updateSubscription deleteSubscription'.split(
    ' ',
  );
const CHANGES =
  'federationOps updateOps redirectionOps createEntity updateEntity appendAttrs updateAttrs deleteAttrs deleteEntity mergeEntity replaceEntity replaceAttrs purgeEntity createBatch upsertBatch updateBatch deleteBatch mergeBatch upsertTemporal appendAttrsTemporal deleteAttrsTemporal updateAttrInstanceTemporal updateAttrsTemporal deleteAttrInstanceTemporal deleteTemporal'.split(
    ' ',
  );

const check = checksOf('ContextSourceRegistration');

/** A body as a registration with expanded names; `id` already chosen. Throws `Problem` BadRequestData. */
export function readRegistration(body: Json, context: ResolvedContext): { registration: Registration; properties: Json } {
  const written: Json = {};
  const properties: Json = {};
  for (const [member, value] of Object.entries(body)) {
    if (READ_ONLY.includes(member)) continue;
    if (MEMBERS.includes(member)) written[member] = value;
    else properties[context.expandName(member)] = value;
  }
  check.uri(written['id'], 'id');
  check.oneOf(written['type'], 'type', ['ContextSourceRegistration']);
  const endpoint = check.uri(written['endpoint'], 'endpoint');
  if (!/^https?:\/\/./.test(endpoint)) check.refuse('endpoint', endpoint, 'an http or https URI');
  for (const [index, info] of check.list(written['information'], 'information').entries()) checkInfo(info, `information[${index}]`);
  checkTimes(written);
  for (const member of ['location', 'observationSpace', 'operationSpace']) {
    const fault = member in written ? geometryFault(geometryOf(written[member])) : undefined;
    if (fault !== undefined) check.refuse(member, written[member], `a GeoJSON geometry (${fault})`);
  }
  for (const member of ['registrationName', 'description', 'tenant', 'hostAlias'])
    if (member in written) check.text(written[member], member);
  if ('contextSourceInfo' in written) check.pairs(written['contextSourceInfo'], 'contextSourceInfo');
  if ('scope' in written && typeof written['scope'] !== 'string') check.texts(written['scope'], 'scope');
  checkManagement(written);
  const registration = written as unknown as Registration;
  checkMode(registration);
  return { registration: mapRegistration(registration, (name) => context.expandName(name)), properties };
}

/** A geometry, alone or as the value of a GeoProperty. */
export function geometryOf(value: unknown): unknown {
  return isObject(value) && value['type'] === 'GeoProperty' ? value['value'] : value;
}

function checkInfo(value: unknown, at: string): void {
  const info = check.object(value, at, ['entities', 'propertyNames', 'relationshipNames']);
  if (Object.keys(info).length === 0) check.refuse(at, info, 'entities, propertyNames or relationshipNames');
  for (const [index, one] of ('entities' in info ? check.list(info['entities'], `${at}.entities`) : []).entries()) {
    const path = `${at}.entities[${index}]`;
    const selector = check.object(one, path, ['id', 'idPattern', 'type']);
    if (Array.isArray(selector['type'])) check.texts(selector['type'], `${path}.type`);
    else check.text(selector['type'], `${path}.type`);
    if ('id' in selector) check.uri(selector['id'], `${path}.id`);
    if ('idPattern' in selector) check.pattern(selector['idPattern'], `${path}.idPattern`);
  }
  for (const member of ['propertyNames', 'relationshipNames']) if (member in info) check.texts(info[member], `${at}.${member}`);
}

function checkTimes(written: Json): void {
  if ('expiresAt' in written) check.dateTime(written['expiresAt'], 'expiresAt');
  for (const member of ['observationInterval', 'managementInterval']) {
    if (!(member in written)) continue;
    const interval = check.object(written[member], member, ['startAt', 'endAt']);
    const start = check.dateTime(interval['startAt'], `${member}.startAt`);
    if ('endAt' in interval && Date.parse(check.dateTime(interval['endAt'], `${member}.endAt`)) < Date.parse(start)) {
      check.refuse(`${member}.endAt`, interval['endAt'], 'a DateTime after startAt');
    }
  }
}

/** An expiry that a request brings lies ahead. */
export function checkExpiry(written: Json, now: string): void {
  const { expiresAt } = written;
  if (isDateTime(expiresAt) && Date.parse(expiresAt) <= Date.parse(now)) check.refuse('expiresAt', expiresAt, 'a DateTime in the future');
}

function checkManagement(written: Json): void {
  if ('refreshRate' in written) duration(written['refreshRate'], 'refreshRate');
  if (!('management' in written)) return;
  const management = check.object(written['management'], 'management', ['localOnly', 'cacheDuration', 'timeout', 'cooldown']);
  if ('localOnly' in management) check.flag(management['localOnly'], 'management.localOnly');
  if ('cacheDuration' in management) duration(management['cacheDuration'], 'management.cacheDuration');
  for (const member of ['timeout', 'cooldown']) if (member in management) check.positive(management[member], `management.${member}`);
}

function duration(value: unknown, path: string): void {
  const known = typeof value === 'string' && /^P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/.test(value);
  if (!known) check.refuse(path, value, 'an ISO 8601 duration');
}

function checkMode({ mode, operations, information }: Registration): void {
  if (mode !== undefined) check.oneOf(mode, 'mode', MODES);
  if (operations !== undefined) {
    for (const [index, operation] of check.list(operations, 'operations').entries()) {
      check.oneOf(operation, `operations[${index}]`, mode === 'auxiliary' ? RETRIEVALS : [...RETRIEVALS, ...CHANGES]);
    }
  }
  if (mode !== 'exclusive') return;
  // 4.3.6.3: single entities and named attributes only.
  for (const [index, { entities, propertyNames, relationshipNames }] of information.entries()) {
    const single = entities !== undefined && entities.every((one) => one.id !== undefined && one.idPattern === undefined);
    if (!single) check.refuse(`information[${index}].entities`, entities, 'entities by id in an exclusive registration');
    if (propertyNames === undefined && relationshipNames === undefined) {
      check.refuse(`information[${index}].propertyNames`, undefined, 'names of attributes in an exclusive registration');
    }
  }
}
