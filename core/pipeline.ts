/**
 * The straight way, start to end. Read this file first.
 *
 *   source ──► decode ──► validate ──► map ──► check ──► screen ──► assess ──► outbox ──► deliver ──► NGSI-LD broker
 *
 * Everything here is pure: a message or a row goes in, a consignment comes out. `core/source` feeds it, `core/outbox` makes
 * its result durable (only then is the source acknowledged), `core/deliver` carries it to the broker.
 */
import { assess } from './assess/assess.ts';
import { calibrate } from './decode/calibrate.ts';
import { arrivalOf, timed } from './decode/clock.ts';
import { withoutContradictions } from './decode/contradictions.ts';
import { commandState } from './entity/command-state.ts';
import { deviceEntity, deviceUrn, isDeviceQuantity } from './entity/device.ts';
import { deviceStateEntity, reportedEntity } from './entity/device-state.ts';
import type { DeviceNews } from './entity/device-news.ts';
import { attributesOf, type Entity } from './entity/entity.ts';
import { check } from './entity/check.ts';
import { Forms } from './entity/form.ts';
import { asPublished } from './entity/published.ts';
import type { Models } from './entity/models.ts';
import { checkOwn, idOf, provisionedEntities, type Provisioned } from './entity/provisioned.ts';
import { asRestamped, registered } from './entity/registered.ts';
import type { Origin } from './outbox/outbox.ts';
import type {
  Adapter,
  CommandResult,
  DatasetFile,
  Decoder,
  Device,
  DeviceReport,
  Envelope,
  Family,
  Instant,
  Memory,
  MqttMessage,
  Reading,
  Row,
  Uplink,
} from './plugin.ts';
import { reject } from './rejection.ts';
import type { Outcome } from './result.ts';
import { screen } from './screen/screen.ts';
import type { Quantities } from './assess/quantities.ts';
import type { RecordValidator } from './validate/validate.ts';
import { Way, type Passage } from './way.ts';

export type { Passage } from './way.ts';

/** What the line needs to know beyond the data itself. */
export interface Knowledge {
  readonly models: Models;
  readonly quantities: Quantities;
  readonly validator: RecordValidator;
  /** Names of fields that hold personal data, lower case. */
  readonly personalFields: ReadonlySet<string>;
  /** Where the entities of a plug-in go, by its folder below `agents` or as it is: `families/energy`, `adapters/arso-air`. */
  readonly tenants?: ReadonlyMap<string, string>;
  /** Against what is held what came at `now`, while our clock is behind; undefined: against that. */
  latest?(now: Instant): Instant | undefined;
}

/** The agents' plug-ins and the device registry. */
export interface AgentKnowledge extends Knowledge {
  readonly envelopes: readonly Envelope[];
  readonly decoders: ReadonlyMap<string, Decoder>;
  readonly families: ReadonlyMap<string, Family>;
  device(uplink: Pick<Uplink, 'deviceId' | 'alsoKnownAs'>): Device | undefined;
  /** The devices that the registry knows as `<id>.<part>`. */
  partsOf?(id: string): readonly Device[];
  /** The sender, when it is not in the registry but was provisioned as for a FIWARE IoT Agent. */
  provisioned?(uplink: Pick<Uplink, 'deviceId'>, topic: string): Provisioned | undefined;
  /**
   * Whether a device, or a topic where no device is known, is this process's, where several share the devices; left out: all are. What
   * belongs to another one leads to nothing here.
   */
  owns?(key: string): boolean;
  /** The command that was sent with a reference. */
  commandOf?(reference: string): string | undefined;
  /** Which Device entities are worth being published; left out: all. */
  readonly news?: DeviceNews;
}

const plugins = new WeakMap<Envelope, string>();

/** An envelope as `Origin.plugin` names it. */
export function pluginOf(envelope: Envelope): string {
  let name = plugins.get(envelope);
  if (name === undefined) plugins.set(envelope, (name = `agents/envelopes/${envelope.name}`));
  return name;
}

/** One MQTT message through the whole line, to be kept under `origin.plugin = agents/envelopes/<name>`. Never throws. */
export function passMessage(message: MqttMessage, envelope: Envelope, knowledge: AgentKnowledge, memory?: Memory): Passage {
  const { topic: from, receivedAt } = message;
  const origin = dated({ plugin: pluginOf(envelope), from, receivedAt }, message.latest ?? knowledge.latest?.(receivedAt));
  const way = new Way(origin, message.payload);
  const opened = way.run('decode', () => envelope.open(message, memory));
  const isOthers = knowledge.owns?.(message.topic) === false;
  if (isOthers) way.forgetRefusals();
  let event = opened?.event;
  for (const report of opened?.reports ?? []) passReport(report, knowledge, way);
  for (const result of opened?.results ?? []) passResult(result, knowledge, way);
  for (const uplink of opened?.values ?? []) event = passUplink(uplink, knowledge, way, message.retained) ?? event;
  if (way.isEmpty() && event === undefined) {
    if (isOthers) return way.end(othersEvent, opened);
    way.refuse(reject('decode', 'no_measurement', `the message on ${message.topic} holds no measurement`));
  }
  return way.end(event, opened);
}

/** Event: another one of the processes that share the devices deals with the message. */
const othersEvent = 'other_shard';

/** What is said of a device that is not in the registry is no loss: its measurements are kept until it is. */
function passReport(report: DeviceReport, knowledge: AgentKnowledge, way: Way): void {
  const device = knowledge.device(report);
  const parts = report.withParts === true ? (knowledge.partsOf?.(report.deviceId) ?? []) : [];
  for (const one of new Set(device === undefined ? parts : [device, ...parts])) {
    const family = knowledge.families.get(one.family);
    const entity = family === undefined ? undefined : reportedEntity(one, family, report);
    if (entity === undefined || knowledge.owns?.(one.id) === false) continue;
    if (report.online !== false) way.heard(one.id);
    way.sendTo(tenantOf(one, knowledge));
    knowledge.news?.forget(one.id);
    passEntity(entity, knowledge, way);
  }
}

/** Only results of commands that the registry allows, or of a provisioned device, say something of an entity. */
function passResult(result: CommandResult, knowledge: AgentKnowledge, way: Way): void {
  const name = (result.name ?? knowledge.commandOf?.(result.reference ?? ''))?.toLowerCase();
  const device = knowledge.device(result);
  const own = device === undefined ? knowledge.provisioned?.(result, way.origin.from) : undefined;
  const command = device?.commands?.find((one) => one.name.toLowerCase() === name)?.name ?? (own === undefined ? undefined : result.name);
  if (command === undefined || knowledge.owns?.(device?.id ?? result.deviceId) === false) return;
  way.heard(device?.id ?? result.deviceId);
  way.commanded(result.status);
  way.sendTo(device === undefined ? undefined : tenantOf(device, knowledge));
  const entity = own === undefined ? { id: deviceUrn({ id: device?.id ?? '' }), type: 'Device' } : { id: idOf(own), type: own.entityType };
  passEntity(commandState(entity, command, result), knowledge, way, (one) => checkOwn(one, way.now));
}

/** Key of `Knowledge.tenants` under which the broker's own tenant stands. */
export const ownTenant = '';

/** A device's own tenant, else that of its family; undefined: the broker's. The same tenant under two names would be two writers of one entity. */
export function tenantOf({ tenant, family }: Device, { tenants }: Pick<Knowledge, 'tenants'>): string | undefined {
  const named = tenant ?? tenants?.get(`families/${family}`);
  return named === undefined || named === tenants?.get(ownTenant) ? undefined : named;
}

/** Event: values that the broker had kept and that say no time of their own; whoever measured may be long gone. */
const retained = 'retained';

/** Gives the event that the uplink was when it held no measurement. */
function passUplink(uplink: Uplink, knowledge: AgentKnowledge, way: Way, isRetained = false): string | undefined {
  const device = knowledge.device(uplink);
  if (knowledge.owns?.(device?.id ?? uplink.deviceId) === false) return othersEvent;
  way.sendTo(device === undefined ? undefined : tenantOf(device, knowledge));
  if (device === undefined) {
    const provisioned = knowledge.provisioned?.(uplink, way.origin.from);
    if (provisioned !== undefined) return passProvisioned(uplink, provisioned, knowledge, way, isRetained);
    way.refuse(
      reject('decode', 'unknown_device', `device "${uplink.deviceId}" is not in the device registry; register it and replay this message`),
    );
    return undefined;
  }
  // What the broker had kept says nothing of whether its sender is there now.
  if (!isRetained) way.heard(device.id);
  if (device.retiredAt !== undefined && uplink.receivedAt >= device.retiredAt) {
    const message = `device "${device.id}" was retired on ${device.retiredAt}; remove retiredAt from its entry if it is in service again`;
    way.refuse(reject('decode', 'retired_device', message));
    return undefined;
  }
  const decoderName = (uplink.isOfNetwork === true ? undefined : device.decoder) ?? uplink.defaultDecoder;
  const decoder = knowledge.decoders.get(decoderName);
  const family = knowledge.families.get(device.family);
  if (decoder === undefined || family === undefined) {
    const missing = decoder === undefined ? `decoder "${decoderName}"` : `family "${device.family}"`;
    way.refuse(reject('decode', 'unknown_model', `device "${device.id}" needs the ${missing}, which does not exist`));
    return undefined;
  }
  const decoded = way.run('decode', () => decoder.decode(uplink, device));
  const read = (record: unknown): readonly Reading[] => {
    const fault = knowledge.validator.fault(decoder.recordSchema, record);
    if (fault !== undefined) way.refuse(fault);
    return fault === undefined ? (way.attempt('decode', () => decoder.readings(record)) ?? []) : [];
  };
  const records = decoded?.values ?? [];
  const raw = records.length === 1 ? read(records[0]) : records.flatMap(read);
  const arrivedAt = arrivalOf(uplink.receivedAt, way.now);
  const { readings: stamped, rejections, isRestamped } = timed(raw, device, arrivedAt, way.origin.latest);
  for (const rejection of rejections) way.refuse(rejection);
  const dated = isRetained ? stamped.filter(({ observedAt }) => observedAt !== way.origin.receivedAt) : stamped;
  if (dated.length === 0 && stamped.length > 0) return retained;
  const readings = calibrate(dated, device);
  way.read(readings);
  const about = decoded?.about;
  if (readings.length === 0) {
    if (about !== undefined && !isRetained) {
      passEntity(deviceStateEntity(device, family, 'online', arrivedAt, about), knowledge, way);
    }
    return decoded?.event;
  }
  const { clear, rejections: contradictions } = withoutContradictions(readings);
  for (const rejection of contradictions) way.refuse(rejection);
  const saysOfDevice = readings.some(({ quantity }) => isDeviceQuantity(quantity));
  const measured = saysOfDevice ? clear.filter(({ quantity }) => !isDeviceQuantity(quantity)) : clear;
  const entities = measured.length === 0 ? [] : (way.run('map', () => family.map(measured, asPublished(device, family)))?.values ?? []);
  for (const entity of entities) passEntity(isRestamped ? asRestamped(entity) : entity, knowledge, way);
  const saysMore = about !== undefined || isRestamped || entities.length === 0 || saysOfDevice || uplink.radio !== undefined;
  const heardAt = isRetained ? latestOf(readings) : arrivedAt;
  if (knowledge.news?.isNews(device, heardAt, saysMore) === false) return decoded?.event;
  const heard = { ...uplink, receivedAt: heardAt };
  const ownEntity = { ...deviceEntity(device, family, readings, heard, about), ...registered(device) } as Entity;
  passEntity(isRestamped ? asRestamped(ownEntity) : ownEntity, knowledge, way);
  return decoded?.event;
}

/** A message that the broker had kept says nothing of whether its sender is there now. */
function latestOf(readings: readonly Reading[]): string {
  return readings.reduce((latest, { observedAt }) => (observedAt > latest ? observedAt : latest), '');
}

/** Entities of a type of the Smart Data Models are checked against it; those of other types, and of the general Device, by form only. */
function passProvisioned(
  uplink: Uplink,
  device: Provisioned,
  knowledge: AgentKnowledge,
  way: Way,
  isRetained: boolean,
): string | undefined {
  way.heard(device.deviceId);
  const model = device.entityType === 'Device' ? undefined : knowledge.models.types.get(device.entityType);
  const made = way.run('decode', () => provisionedEntities(uplink, device, model));
  const form = model === undefined ? (entity: Entity) => checkOwn(entity, way.now) : undefined;
  const isUndated = (entity: Entity): boolean =>
    isRetained && attributesOf(entity).some(([, { observedAt }]) => observedAt === way.origin.receivedAt);
  const entities = (made?.values ?? []).filter((entity) => !isUndated(entity));
  for (const entity of entities) passEntity(entity, knowledge, way, form);
  return entities.length < (made?.values.length ?? 0) ? retained : undefined;
}

/** One dataset row through the whole line. Never throws. A row that gives nothing is refused as `no_measurement`. */
export function passRow(row: Row, rowNumber: number, file: DatasetFile, from: string, adapter: Adapter, knowledge: Knowledge): Passage {
  const { fetchedAt: receivedAt } = file;
  const origin = dated({ plugin: `adapters/${adapter.name}`, from, row: rowNumber, receivedAt }, knowledge.latest?.(receivedAt));
  const way = new Way(origin, () => Buffer.from(JSON.stringify(row)));
  way.sendTo(knowledge.tenants?.get(origin.plugin));
  for (const record of way.run('decode', () => adapter.decode(row, file.from === undefined ? { ...file, from } : file))?.values ?? []) {
    const fault = knowledge.validator.fault(adapter.recordSchema, record);
    if (fault !== undefined) {
      way.refuse(fault);
      continue;
    }
    for (const entity of way.run('map', () => adapter.map(record))?.values ?? []) passEntity(entity, knowledge, way);
  }
  if (way.isEmpty()) {
    way.refuse(reject('map', 'no_measurement', `row ${rowNumber} of ${from} holds no value of those that ${adapter.name} reads`));
  }
  return way.end();
}

function dated(origin: Origin, latest: Instant | undefined): Origin {
  return latest === undefined ? origin : { ...origin, latest };
}

/** check → screen → assess: from here on agents and adapters go the same way. A state of a form that has gone it before is let through. */
function passEntity(entity: Entity, knowledge: Knowledge, way: Way, inspect?: (one: Entity) => Outcome<Entity>): void {
  // A device says the same things again and again; a row of a dataset mostly comes once.
  const forms = inspect === undefined && 'envelopes' in knowledge ? formsOf(knowledge) : undefined;
  const formed = forms?.take(entity, way.now);
  if (formed !== undefined) return way.publish(entity, formed);
  const checked = way.run('check', () => (inspect === undefined ? check(entity, knowledge.models, way.now) : inspect(entity)));
  for (const valid of checked?.values ?? []) {
    for (const screened of way.run('screen', () => screen(valid, knowledge.personalFields))?.values ?? []) {
      const assessed = assess(screened, knowledge.quantities, knowledge.models);
      if (assessed === entity) forms?.keep(entity);
      way.publish(assessed);
    }
  }
}

const known = new WeakMap<Knowledge, Forms>();

function formsOf(knowledge: Knowledge): Forms {
  let forms = known.get(knowledge);
  if (forms === undefined) known.set(knowledge, (forms = new Forms(knowledge.models, knowledge.quantities)));
  return forms;
}
