import { property, urn } from '../entity/build.ts';
import type { Attribute, Entity } from '../entity/entity.ts';
import { isObservation } from '../entity/check.ts';
import type { Models } from '../entity/models.ts';
import { suggestion } from '../entity/suggestion.ts';
import { digestOf } from '../outbox/hash.ts';
import type { Adapter, DatasetFile, Row } from '../plugin.ts';
import { reject, type Rejection } from '../rejection.ts';
import { accepted, refused, type Outcome } from '../result.ts';
import { attributeReader, timeOf, type RowContext } from './attributes.ts';
import { RowFaults, textOfCell } from './cell.ts';
import { Compiler } from './compiler.ts';
import { addressOf, datastorePages, fileFormat, isDatastore } from './file-format.ts';
import { formatOf, type TableMapping } from './mapping.ts';
import { placeReader } from './place.ts';
import { shortPlan } from './short-plan.ts';
import { shortWay } from './short-way.ts';
import { column, template } from './sources.ts';

/** What a row of a table came to before it is checked. */
export interface TableRecord {
  readonly entity: Entity;
}

/** The mapping as an adapter, or every fault that only the models and formats know, each with its path. */
export type Compiled =
  | { readonly adapter: Adapter<TableRecord> }
  | { readonly faults: readonly { readonly path: readonly string[]; readonly message: string }[] };

const recordSchema = {
  type: 'object',
  properties: { entity: { type: 'object', properties: { id: { type: 'string' }, type: { type: 'string' } }, required: ['id', 'type'] } },
  required: ['entity'],
  additionalProperties: false,
};

/** Compiles a mapping once to functions of a row; nothing of it is looked up again while rows pass. */
export function compileTable(mapping: TableMapping, models: Models): Compiled {
  const model = models.types.get(mapping.type);
  if (model === undefined) {
    const hint = suggestion(mapping.type, models.types.keys());
    return {
      faults: [
        { path: ['type'], message: `"${mapping.type}" is no type that Klavže knows${hint}; known: ${[...models.types.keys()].join(', ')}` },
      ],
    };
  }
  const form = formatOf(mapping);
  const compiler = new Compiler(mapping, model, form.decimal);
  const idParts = mapping.id.map((text, index) => template(text, compiler, ['id', String(index)]));
  if (compiler.columns.size === 0) compiler.fault(['id'], 'names no {column}: every row would be the same entity');
  const keyColumns = [...compiler.columns];
  const time = mapping.time === undefined ? undefined : timeOf(mapping.time, compiler, ['time']);
  const place = placeReader(compiler);
  if (place !== undefined && mapping.attributes['location'] !== undefined)
    compiler.fault(['attributes', 'location'], 'is given twice: location stands beside attributes');
  const readers = Object.entries(mapping.attributes).map(
    ([name, expression]) => [name, attributeReader(name, expression, compiler)] as const,
  );
  const needed = neededOf(mapping, compiler);
  const isWanted = conditions(compiler);
  const moments = implied(mapping, compiler);
  const { attribution, publisher, url, landingPage } = mapping.dataset;
  const address = addressOf(mapping);
  const constants = {
    dataProvider: property(attribution),
    ...(address !== '' || landingPage !== undefined ? { source: property(landingPage ?? address) } : {}),
  };
  if (mapping.dataset.resource !== undefined && mapping.dataset.url === undefined && form.kind !== 'json') {
    compiler.fault(
      ['dataset', 'resource'],
      `is read from the datastore as json, not ${form.kind}; give a file of the portal as dataset.url`,
    );
  }
  if (compiler.faults.length > 0) return { faults: compiler.faults };

  const read = (row: Row, file: DatasetFile): Outcome<TableRecord> => {
    const lineFault = row['@fault'];
    if (typeof lineFault === 'string') return refused(reject('decode', 'malformed_payload', lineFault));
    const faults = new RowFaults();
    const parts: string[] = [];
    for (const [index, read] of idParts.entries()) {
      const cell = read(row, faults);
      const part = cell === undefined ? '' : textOfCell(cell);
      if (part === '')
        return refused(
          ...orElse(
            faults,
            'missing_field',
            `${keyColumns.join(', ')} must have a value: it is the id (${mapping.id[index]})`,
            keyColumns[0],
          ),
        );
      parts.push(part);
    }
    const key = parts.join(':');
    const moment = time?.({ row, file, faults, key });
    if (time !== undefined && moment === undefined) {
      const shown = mapping.time?.column ?? mapping.time?.text ?? '';
      return refused(...orElse(faults, 'missing_field', `${shown} has no value: the moment of the row is not known`, mapping.time?.column));
    }
    const entity: Record<string, string | Attribute> = { id: urn(mapping.type, ...parts), type: mapping.type };
    const context: RowContext = { row, file, faults, key, moment };
    let filled = 0;
    for (const [name, read] of readers) {
      const attribute = read(context);
      if (attribute === undefined) continue;
      entity[name] = attribute;
      if (needed.names.has(name)) filled += 1;
    }
    if (filled === 0) {
      if (faults.rejections.length === 0)
        faults.add('no_measurement', `${key} has no value in ${needed.columns.join(', ')}`, needed.columns[0]);
      return { values: [], rejections: faults.rejections };
    }
    const location = place?.(row, faults);
    if (location !== undefined) entity['location'] = location;
    if (moments !== undefined && moment !== undefined)
      entity[moments] = { type: 'Property', value: { '@type': 'DateTime', '@value': moment.instant } };
    Object.assign(entity, constants);
    return { values: [{ entity: entity as Entity }], rejections: faults.rejections };
  };
  const decode = (row: Row, file: DatasetFile): Outcome<TableRecord> => {
    const outcome = read(row, file);
    return outcome.rejections.length === 0
      ? outcome
      : { ...outcome, rejections: outcome.rejections.map((rejection) => withLine(rejection, row)) };
  };

  return {
    adapter: {
      name: mapping.name,
      revision: digestOf(JSON.stringify(mapping)),
      title: { sl: mapping.title?.sl ?? mapping.title?.en ?? mapping.name, en: mapping.title?.en ?? mapping.title?.sl ?? mapping.name },
      dataset: {
        publisher,
        landingPage: landingPage ?? url ?? '',
        url: address,
        licence: mapping.dataset.licence,
        attribution,
        timezone: mapping.dataset.timezone,
        crs: crsOf(mapping),
      },
      schedule: mapping.schedule,
      vanished: mapping.vanished,
      ...(isDatastore(mapping) && { pages: datastorePages }),
      ...(mapping.personal === true && { personal: true as const }),
      format: fileFormat(mapping, [...compiler.columns]),
      recordSchema,
      emits: [mapping.type],
      key: (row) => keyOf(row, keyColumns),
      ...(isWanted !== undefined && { isWanted }),
      defaultStations: 'all',
      decode,
      map: ({ entity }) => accepted(entity),
      short: (columns, physical, file) => {
        const names = { needed: needed.names, moments, constants: Object.keys(constants) };
        const plan = shortPlan({ mapping, compiler, time, isWanted, ...names }, columns, physical, file);
        return plan === undefined ? undefined : shortWay(plan, file);
      },
      expect: mapping.expect,
    },
  };
}

/** The line as the spreadsheet shows it: that is where a person looks. */
function withLine(rejection: Rejection, row: Row): Rejection {
  const line = row['@line'];
  return line === undefined || rejection.message.startsWith('line ')
    ? rejection
    : { ...rejection, message: `line ${String(line)}: ${rejection.message}` };
}

function orElse(faults: RowFaults, code: 'missing_field', message: string, pointer: string | undefined) {
  if (faults.rejections.length === 0) faults.add(code, message, pointer);
  return faults.rejections;
}

/** The attributes of which a row must give at least one: of an observation those that are measured, of an indicator its value, else any; and their columns. */
function neededOf({ attributes }: TableMapping, { model }: Compiler): { names: ReadonlySet<string>; columns: readonly string[] } {
  const all = Object.keys(attributes);
  const own = all.filter((name) => name === 'kpiValue' || (isObservation(model) && model.attributes[name]?.measured === true));
  const names = own.length > 0 ? own : all;
  const columns = names.flatMap((name) => {
    const given = attributes[name];
    if (typeof given === 'string') return [given];
    return given?.column === undefined ? (given?.first ?? []) : [given.column];
  });
  return { names: new Set(names), columns };
}

/** The attribute that says when an observation is of, where the model has one and the mapping says nothing of it. */
function implied(mapping: TableMapping, { model }: Compiler): string | undefined {
  const { dateObserved } = model.attributes;
  const fits = dateObserved !== undefined && ['dateTime', 'interval'].includes(dateObserved.value.type);
  return fits && mapping.time !== undefined && mapping.attributes['dateObserved'] === undefined ? 'dateObserved' : undefined;
}

function conditions(compiler: Compiler): ((row: Row) => boolean) | undefined {
  const { where } = compiler.mapping;
  if (where === undefined) return undefined;
  const tests = where.map(({ column: name, is, not, filled }) => {
    const read = column(name, compiler);
    return (row: Row): boolean => {
      const cell = read(row, new RowFaults());
      const text = cell === undefined ? '' : textOfCell(cell);
      if (filled !== undefined && (cell !== undefined) !== filled) return false;
      if (is !== undefined && !is.includes(text)) return false;
      return not === undefined || !not.includes(text);
    };
  });
  return (row) => typeof row['@fault'] === 'string' || tests.every((test) => test(row));
}

function keyOf(row: Row, columns: readonly string[]): string | undefined {
  const texts = columns
    .map((name) => row[name])
    .filter((value) => (typeof value === 'string' && value.trim() !== '') || typeof value === 'number');
  return texts.length === 0 ? undefined : texts.map((value) => String(value).trim()).join(':');
}

function crsOf({ location }: TableMapping): string {
  return location !== undefined && 'crs' in location && location.crs !== undefined ? location.crs : 'EPSG:4326';
}
