import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

import type { Quantities, Quantity } from '../assess/quantities.ts';
import { accessLevels, type AccessLevel, type AttributeModel, type Model, type Models, type Subject } from '../entity/models.ts';
import { ConfigError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import { fieldNameKey } from '../screen/screen.ts';
import { seldomRun } from '../validate/ajv-options.ts';

/** Names by the level that they have; those that no level names are internal. */
type AccessLists = Partial<Readonly<Record<AccessLevel, readonly string[]>>>;

/** A file of a type, before what all types have is put in. */
type Descriptor = Omit<Model, 'access' | 'subject'> & { readonly access?: AccessLists & { readonly type: AccessLevel } };

interface Common {
  readonly access?: AccessLists;
  readonly attributes: Readonly<Record<string, AttributeModel>>;
}

/** Reads `<folder>/common.json`, `<folder>/<subject>/subject.json` and `<folder>/<subject>/<Type>.json`. Throws ConfigError with every fault found. */
export function loadModels(folder: string = join(packageRoot, 'smart-data-models')): Models {
  const faults: string[] = [];
  const read = reader('model-descriptor.schema.json', faults);
  const common = read<Common>(join(folder, 'common.json'), 'common');
  const types = new Map<string, Model>();
  const subjects = new Map<string, Subject>();

  for (const subjectName of foldersIn(folder)) {
    const subject = read<Subject>(join(folder, subjectName, 'subject.json'), 'subject');
    if (subject !== undefined) subjects.set(subject.name, subject);
    if (subject !== undefined && subject.name !== subjectName) {
      faults.push(`${subjectName}/subject.json: name is "${subject.name}", expected the name of its folder, "${subjectName}"`);
    }
    const iris = new Map<string, string>();
    for (const file of readdirSync(join(folder, subjectName)).sort()) {
      if (!file.endsWith('.json') || file === 'subject.json') continue;
      const own = read<Descriptor>(join(folder, subjectName, file), 'model');
      if (own === undefined) continue;
      const model = modelOf(own, subjectName, common);
      faults.push(...accessFaults(own, model).map((fault) => `${subjectName}/${file}: ${fault}`));
      faults.push(...modelFaults(model, file, types, iris).map((fault) => `${subjectName}/${file}: ${fault}`));
      types.set(model.type, model);
    }
  }

  if (types.size === 0 && faults.length === 0) faults.push(`${folder}: holds no model descriptor`);
  if (faults.length > 0) throw new ConfigError('the model descriptors are not usable', faults);
  return { types, subjects };
}

/** A type with the common attributes that the official one has (all, unless its descriptor names them), and the level of each. */
function modelOf(own: Descriptor, subject: string, common: Common | undefined): Model {
  const inherited = Object.entries(common?.attributes ?? {}).filter(([name]) => own.inherits?.includes(name) !== false);
  const { access, ...rest } = own;
  const levelOf = (name: string): AccessLevel => listedIn(access, name) ?? listedIn(common?.access, name) ?? 'internal';
  const attributes = Object.entries({ ...Object.fromEntries(inherited), ...own.attributes });
  return {
    ...rest,
    subject,
    access: access?.type ?? 'internal',
    attributes: Object.fromEntries(attributes.map(([name, attribute]) => [name, { ...attribute, access: levelOf(name) }])),
  };
}

function listedIn(access: AccessLists | undefined, name: string): AccessLevel | undefined {
  // What is listed twice is a fault; until it is mended the stricter level counts.
  return accessLevels.findLast((level) => access?.[level]?.includes(name));
}

function accessFaults({ access }: Descriptor, { attributes }: Model): string[] {
  const listed = accessLevels.flatMap((level) => access?.[level]?.map((name) => ({ level, name })) ?? []);
  return listed.flatMap(({ level, name }, index) => {
    if (attributes[name] === undefined) return [`access/${level} names "${name}", which is no attribute of the model`];
    const before = listed.slice(0, index).find((one) => one.name === name);
    return before === undefined ? [] : [`access names "${name}" under ${before.level} and ${level}`];
  });
}

/** What the schema cannot see: names that must agree, and terms of one context that must not collide. */
function modelFaults(model: Model, file: string, types: ReadonlyMap<string, Model>, iris: Map<string, string>): string[] {
  const faults: string[] = [];
  if (model.type !== basename(file, '.json')) faults.push(`type is "${model.type}", expected the name of the file`);
  const twin = types.get(model.type);
  if (twin !== undefined) faults.push(`type "${model.type}" exists in subject "${twin.subject}" already`);
  for (const name of model.required) {
    if (model.attributes[name] === undefined) faults.push(`required names "${name}", which is no attribute of the model`);
  }
  for (const [name, attribute] of Object.entries(model.attributes)) {
    const known = iris.get(name);
    if (known !== undefined && known !== attribute.iri) {
      faults.push(`attributes/${name}/iri is ${attribute.iri}, but another type of the same subject context has ${known}`);
    }
    iris.set(name, attribute.iri);
  }
  return faults;
}

/** Reads `schemas/quantities.json`. Throws ConfigError with every fault found. */
export function loadQuantities(file: string = join(packageRoot, 'schemas', 'quantities.json')): Quantities {
  const faults: string[] = [];
  const quantities = Object.entries(reader('quantities.schema.json', faults)<Record<string, Quantity>>(file) ?? {});
  for (const [name, { minimum, maximum }] of quantities) {
    if (minimum >= maximum) faults.push(`${basename(file)}: ${name}/minimum is ${minimum}, expected less than its maximum ${maximum}`);
  }
  if (faults.length > 0) throw new ConfigError('the quantities are not usable', faults);
  return new Map(quantities);
}

/** Reads `schemas/personal-data.json`: names of fields that hold personal data, in the normal form that `screen` compares. Throws ConfigError. */
export function loadPersonalFields(file: string = join(packageRoot, 'schemas', 'personal-data.json')): ReadonlySet<string> {
  const faults: string[] = [];
  const list = reader('personal-data.schema.json', faults)<{ fields: Record<string, readonly string[]> }>(file);
  if (faults.length > 0) throw new ConfigError('the list of personal data fields is not usable', faults);
  return new Set(
    Object.values(list?.fields ?? {})
      .flat()
      .map(fieldNameKey),
  );
}

/** Reads and checks JSON files against one schema of `schemas/` (or one of its `$defs`); faults name file and field. */
function reader(schemaFile: string, faults: string[]): <T>(file: string, definition?: string) => T | undefined {
  const schema = JSON.parse(readFileSync(join(packageRoot, 'schemas', schemaFile), 'utf8')) as { $id: string };
  const ajv = new Ajv2020({ ...seldomRun, allErrors: true });
  ajv.addSchema(schema);

  return <T>(file: string, definition?: string): T | undefined => {
    const validate = ajv.getSchema<T>(definition === undefined ? schema.$id : `${schema.$id}#/$defs/${definition}`) as ValidateFunction<T>;
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      faults.push(`${file}: ${existsSync(file) ? `not readable as JSON: ${String(error)}` : 'does not exist'}`);
      return undefined;
    }
    if (validate(json)) return json;
    for (const { instancePath, message, params } of validate.errors ?? []) {
      const extra = 'additionalProperty' in params ? ` "${String(params['additionalProperty'])}"` : '';
      faults.push(`${file}: ${instancePath || 'the file'} ${message ?? 'is not valid'}${extra}`);
    }
    return undefined;
  };
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) throw new ConfigError(`the folder of the model descriptors, ${folder}, does not exist`);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
