import type { Instant } from '../plugin.ts';
import { accepted, type Outcome } from '../result.ts';
import { isConstant } from './constants.ts';
import { checkTime, checkValue, uri } from './check-value.ts';
import { valueStatuses, type Entity } from './entity.ts';
import { Faults, pointerToken, quote } from './faults.ts';
import type { AttributeModel, Model, Models } from './models.ts';
import { suggestion } from './suggestion.ts';

/**
 * The facts of the model: a faulty attribute is left out with a rejection, the rest of the entity goes on. The whole entity is refused
 * when its id, its type or a required attribute is faulty, or when nothing measured remains of an observation.
 * `now` is the clock against which moments in the future are refused.
 */
export function check(entity: Entity, models: Models, now: Instant): Outcome<Entity> {
  const faults = new Faults(now);
  const model = modelOf(entity, models, faults);
  if (model === undefined) return { values: [], rejections: faults.rejections };
  const hasGoodId = checkId(entity, model, faults);

  const faulty: string[] = [];
  let measurements = 0;
  for (const name of Object.keys(entity)) {
    if (name === 'id' || name === 'type') continue;
    const attribute = Object.hasOwn(model.attributes, name) ? model.attributes[name] : undefined;
    if (attribute !== undefined && isPlainlyGood(entity[name], attribute, faults)) {
      if (attribute.measured === true) measurements += 1;
      continue;
    }
    const before = faults.rejections.length;
    if (attribute === undefined) faults.add('unknown_attribute', `/${pointerToken(name)}`, unknownAttribute(name, model));
    else checkAttribute(name, entity[name], attribute, model, faults);
    if (faults.rejections.length > before) faulty.push(name);
    else {
      if (attribute?.measured === true) measurements += 1;
      remember(entity[name], attribute);
    }
  }

  let isWhole = hasGoodId;
  for (const name of model.required) {
    if (!Object.hasOwn(entity, name)) {
      faults.add('missing_attribute', `/${name}`, `${model.type}.${name} is missing; every ${model.type} must have it`);
    }
    if (!Object.hasOwn(entity, name) || faulty.includes(name)) isWhole = false;
  }
  if (measurements === 0 && isObservation(model)) {
    faults.add('no_measurement', '', `no measured attribute remains of ${entity.id}, and an observation without one says nothing`);
    isWhole = false;
  }
  if (!isWhole) return { values: [], rejections: faults.rejections };
  if (faulty.length === 0) return accepted(entity);
  return { values: [without(entity, faulty)], rejections: faults.rejections };
}

/**
 * The forms that nearly every attribute has, looked through without a word about faults: a number at the moment last found good with the
 * model's unit and nothing else, or an attribute that is the same in every state and was found good before.
 */
function isPlainlyGood(attribute: unknown, expected: AttributeModel, { goodInstant }: Faults): boolean {
  if (typeof attribute !== 'object' || attribute === null) return false;
  const { type, value, observedAt, unitCode } = attribute as Record<string, unknown>;
  if (typeof value !== 'number' || type !== 'Property') return foundGood.get(attribute) === expected;
  const { type: shape, minimum, maximum, enum: words } = expected.value;
  if (expected.kind !== 'Property' || shape !== 'number' || words !== undefined || expected.value.or !== undefined) return false;
  if (!Number.isFinite(value) || (minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) return false;
  if (observedAt !== goodInstant || goodInstant === '' || unitCode !== expected.unitCode) return false;
  let members = 0;
  for (const name in attribute) if (name !== 'unitCode') members += 1;
  return members === 3;
}

/** Attributes that are the same in every state, by the model's attribute that they were found good for. */
const foundGood = new WeakMap<object, AttributeModel>();

function remember(attribute: unknown, expected: AttributeModel | undefined): void {
  if (expected !== undefined && typeof attribute === 'object' && attribute !== null && isConstant(attribute)) {
    foundGood.set(attribute, expected);
  }
}

/** By their names: some of them must say when they were observed, others (meters) have no attribute for it. A Device is none. */
export function isObservation({ type }: Pick<Model, 'type'>): boolean {
  return type.endsWith('Observed') || type.endsWith('Observation') || type.endsWith('Measurement');
}

function without(entity: Entity, names: readonly string[]): Entity {
  return Object.fromEntries(Object.entries(entity).filter(([name]) => !names.includes(name))) as Entity;
}

function modelOf(entity: Entity, models: Models, faults: Faults): Model | undefined {
  const model = models.types.get(entity.type);
  if (model !== undefined) return model;
  const hint = suggestion(entity.type, models.types.keys());
  faults.add('unknown_type', '/type', `type is ${quote(entity.type)}, expected one of ${[...models.types.keys()].join(', ')}${hint}`);
  return undefined;
}

function checkId({ id }: Entity, model: Model, faults: Faults): boolean {
  const prefix = `urn:ngsi-ld:${model.type}:`;
  if (typeof id === 'string' && id.startsWith(prefix) && localId.test(id.slice(prefix.length))) return true;
  faults.add('id_not_allowed', '/id', `id is ${quote(id)}, expected ${prefix} followed by letters A-Z a-z, digits, "-", "_", "." or ":"`);
  return false;
}

const localId = /^[A-Za-z0-9._:-]+$/;

function unknownAttribute(name: string, model: Model): string {
  return `${name} is no attribute of ${model.type} and would fall into the default context${suggestion(name, Object.keys(model.attributes))}`;
}

function checkAttribute(name: string, attribute: unknown, expected: AttributeModel, model: Model, faults: Faults): void {
  const pointer = `/${name}`;
  const label = `${model.type}.${name}`;
  if (typeof attribute !== 'object' || attribute === null || !('type' in attribute)) {
    const form = expected.kind === 'Relationship' ? '"object"' : '"value"';
    faults.add(
      'invalid_attribute',
      pointer,
      `${label} is ${quote(attribute)}, expected {"type":"${expected.kind}",${form}:…} (normalized form)`,
    );
    return;
  }
  if (attribute.type !== expected.kind) {
    faults.add('invalid_attribute', `${pointer}/type`, `${label} is a ${quote(attribute.type)}, expected a ${expected.kind}`);
    return;
  }

  const member = expected.kind === 'Relationship' ? 'object' : 'value';
  for (const key of Object.keys(attribute)) {
    if (!members[expected.kind].includes(key)) {
      const message = `${label} has the member ${quote(key)}, expected only ${members[expected.kind].join(', ')}`;
      faults.add('unknown_attribute', `${pointer}/${pointerToken(key)}`, message);
    }
  }

  const { observedAt, unitCode, status, datasetId } = attribute as Record<string, unknown>;
  const value = (attribute as Record<string, unknown>)[member];
  checkValue(value, expected.value, { pointer: `${pointer}/${member}`, label, unit: expected.unit }, faults);
  if (observedAt !== undefined) checkTime(observedAt, { pointer: `${pointer}/observedAt`, label: `${label}.observedAt` }, faults);
  else if (expected.measured === true) {
    faults.add('invalid_attribute', `${pointer}/observedAt`, `${label} has no observedAt, expected the moment of the measurement`);
  }
  if (unitCode !== undefined || (needsUnit(expected) && holdsNumbers(value, expected))) {
    checkUnit(unitCode, expected, pointer, label, faults);
  }
  if (status !== undefined) checkStatus(status, pointer, label, faults);
  if (datasetId !== undefined && (typeof datasetId !== 'string' || !uri.test(datasetId))) {
    faults.add('invalid_attribute', `${pointer}/datasetId`, `${label}.datasetId is ${quote(datasetId)}, expected a URI`);
  }
}

/** What an attribute may hold; any other sub-attribute has no IRI of its own in the contexts. */
const members = {
  Property: ['type', 'value', 'observedAt', 'unitCode', 'status', 'datasetId'],
  GeoProperty: ['type', 'value', 'observedAt', 'datasetId'],
  Relationship: ['type', 'object', 'observedAt', 'datasetId'],
};

/** A number without dimension is understood without a unit too. */
function needsUnit({ unitCode }: AttributeModel): boolean {
  return unitCode !== undefined && unitCode !== 'C62';
}

function holdsNumbers(value: unknown, { value: shape }: AttributeModel): boolean {
  return typeof value === 'number' || (shape.type === 'object' && shape.items?.type === 'number');
}

function checkUnit(unitCode: unknown, expected: AttributeModel, pointer: string, label: string, faults: Faults): void {
  if (expected.unitCode === undefined ? typeof unitCode === 'string' && unitCode !== '' : unitCode === expected.unitCode) return;
  const found = unitCode === undefined ? 'missing' : quote(unitCode);
  const wanted = expected.unitCode === undefined ? 'a UN/CEFACT code' : `"${expected.unitCode}" (${expected.unit})`;
  faults.add('unsupported_unit', `${pointer}/unitCode`, `the unitCode of ${label} is ${found}, expected ${wanted}`);
}

function checkStatus(status: unknown, pointer: string, label: string, faults: Faults): void {
  const { type, value, ...more } = (typeof status === 'object' && status !== null ? status : {}) as Record<string, unknown>;
  if (type === 'Property' && valueStatuses.some((known) => known === value) && Object.keys(more).length === 0) return;
  const expected = `a Property with one of ${valueStatuses.join(', ')}`;
  faults.add('invalid_attribute', `${pointer}/status`, `${label}.status is ${quote(status)}, expected ${expected}`);
}
