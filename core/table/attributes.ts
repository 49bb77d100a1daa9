import { dateTime, relationship, urn } from '../entity/build.ts';
import type { Attribute, Json, Property } from '../entity/entity.ts';
import type { AttributeModel, ValueShape } from '../entity/models.ts';
import { suggestion } from '../entity/suggestion.ts';
import type { DatasetFile, Row } from '../plugin.ts';
import { textOfCell, type RowFaults } from './cell.ts';
import type { Compiler } from './compiler.ts';
import type { Expression } from './mapping.ts';
import { cellSource, column, fixedOrColumn, lookedUp, template } from './sources.ts';
import { momentReader, type Moment, type MomentReader } from './time.ts';
import { shaperOf } from './values.ts';

/** What is known of the row when its attributes are read. */
export interface RowContext {
  readonly row: Row;
  readonly file: DatasetFile;
  readonly faults: RowFaults;
  readonly key: string;
  readonly moment: Moment | undefined;
}

/** Gives the attribute; undefined where the row has no value for it, or a faulty one, which is then among the faults. */
export type AttributeReader = (context: RowContext) => Attribute | undefined;
type ValueReader = (context: RowContext) => Json | undefined;

/** Compiles one attribute of a mapping; what is wrong with it is told to the compiler. */
export function attributeReader(name: string, given: string | Expression, compiler: Compiler): AttributeReader {
  const path = ['attributes', name];
  const expression = full(given);
  const model = Object.hasOwn(compiler.model.attributes, name) ? compiler.model.attributes[name] : undefined;
  if (model === undefined) {
    compiler.fault(path, `is no attribute of ${compiler.model.type}${suggestion(name, Object.keys(compiler.model.attributes))}`);
    return () => undefined;
  }
  const read = valueReader(expression, model.value, model, compiler, path);
  if (model.kind === 'Relationship') {
    return (context) => {
      const value = read(context);
      if (value === undefined) return undefined;
      return relationship(Array.isArray(value) ? value.map((one) => asTarget(String(one))) : asTarget(value as string));
    };
  }
  const own = expression.observedAt;
  const ownMoment = own === undefined ? undefined : timeOf(own, compiler, [...path, 'observedAt']);
  const isMeasured = model.measured === true || ownMoment !== undefined;
  if (model.measured === true && ownMoment === undefined && compiler.mapping.time === undefined) {
    compiler.fault(path, 'is measured and needs a moment: the mapping has no time');
  }
  const unitCode = unitCodeOf(expression, model, compiler, path);
  return (context) => {
    const value = read(context);
    if (value === undefined) return undefined;
    const property: Property = { type: 'Property', value };
    if (unitCode !== undefined && (typeof value === 'number' || typeof value === 'object')) {
      const code = typeof unitCode === 'string' ? unitCode : unitCode(context);
      if (code !== undefined) property.unitCode = code;
    }
    if (isMeasured) {
      const observedAt = (ownMoment === undefined ? context.moment : ownMoment(context))?.instant;
      // A value without its moment is told of by whoever could not read it.
      if (observedAt === undefined) return undefined;
      property.observedAt = observedAt;
    }
    return property;
  };
}

/** The id of another entity is written as ids are, so that `urn:ngsi-ld:ConsumptionPoint:x:{Objekt}` meets what a table with that id made. */
function asTarget(text: string): string {
  const [scheme, space, type = '', ...parts] = text.split(':');
  return scheme === 'urn' && space === 'ngsi-ld' && parts.length > 0 ? urn(type, ...parts) : text;
}

function full(given: string | Expression): Expression {
  return typeof given === 'string' ? { column: given } : given;
}

const origins = ['column', 'text', 'first', 'value', 'members', 'moment'] as const;

function valueReader(
  expression: Expression,
  shape: ValueShape,
  model: AttributeModel,
  compiler: Compiler,
  path: readonly string[],
): ValueReader {
  const given = origins.filter((origin) => expression[origin] !== undefined);
  if (given.length !== 1) compiler.fault(path, `needs exactly one of ${origins.join(', ')}; it has ${given.join(' and ') || 'none'}`);
  if (expression.members !== undefined) return membersReader(expression.members, shape, model, compiler, path);
  if (expression.moment !== undefined) return ownMomentReader(expression.moment, shape, compiler, path);
  const { value } = expression;
  if (value !== undefined && typeof value === 'object') return () => value as Json;
  if (shape.type === 'array') return listReader(expression, shape, model, compiler, path);
  const { read, name } = cellSource(expression, compiler, path);
  if (expression.time !== undefined || shape.type === 'dateTime' || shape.type === 'interval') {
    const moment = readerOf(expression.time ?? { format: 'iso' }, compiler, [...path, 'time']);
    const isTyped = shape.type === 'dateTime' || shape.type === 'interval';
    return ({ row, faults, file, key }) => {
      const cell = read(row, faults);
      const found = cell === undefined ? undefined : moment(cell, name, faults, file, key);
      return found === undefined ? undefined : isTyped ? (dateTime(found.instant).value as Json) : found.instant;
    };
  }
  const shaper = shaperOf(shape, model, expression, compiler, path);
  return ({ row, faults }) => {
    const cell = read(row, faults);
    return cell === undefined ? undefined : shaper(cell, row, faults, name);
  };
}

function listReader(
  expression: Expression,
  shape: ValueShape,
  model: AttributeModel,
  compiler: Compiler,
  path: readonly string[],
): ValueReader {
  const { read, name } = cellSource({ ...expression, lookup: undefined } as Expression, compiler, path);
  // Each item of a list is looked up by itself.
  const own = column('@item', compiler);
  const item = expression.lookup === undefined ? own : lookedUp(own, expression, compiler, path, name);
  compiler.columns.delete('@item');
  const shaper = shaperOf(shape.items ?? { type: 'string' }, model, expression, compiler, path);
  const { split } = expression;
  return ({ row, faults }) => {
    const cell = read(row, faults);
    if (cell === undefined) return undefined;
    const parts = split === undefined ? [cell] : textOfCell(cell).split(split);
    const items: Json[] = [];
    for (const part of parts) {
      const found = item({ '@item': part }, faults);
      const value = found === undefined ? undefined : shaper(found, row, faults, name);
      if (value !== undefined) items.push(value);
    }
    return items.length === 0 ? undefined : items;
  };
}

function membersReader(
  members: Readonly<Record<string, string | Expression>>,
  shape: ValueShape,
  model: AttributeModel,
  compiler: Compiler,
  path: readonly string[],
): ValueReader {
  // A row is one item of a list of objects.
  if (shape.type === 'array' && shape.items?.type === 'object') {
    const item = membersReader(members, shape.items, model, compiler, path);
    return (context) => {
      const value = item(context);
      return value === undefined ? undefined : [value];
    };
  }
  if (shape.type !== 'object')
    compiler.fault(path, `has members, but the model wants ${shape.type === 'array' ? 'a list' : `a ${shape.type}`}`);
  const readers = Object.entries(members).map(([member, expression]) => {
    const at = [...path, 'members', member];
    if (shape.members !== undefined && !Object.hasOwn(shape.members, member)) {
      compiler.fault(
        at,
        `is no member of it${suggestion(member, Object.keys(shape.members))}; the model knows ${Object.keys(shape.members).join(', ')}`,
      );
    }
    const own = shape.of !== undefined && Object.hasOwn(shape.of, member) ? shape.of[member] : shape.items;
    return [member, valueReader(full(expression), own ?? { type: 'string' }, model, compiler, at)] as const;
  });
  return (context) => {
    const value: Record<string, Json> = {};
    const before = context.faults.rejections.length;
    for (const [member, read] of readers) {
      const one = read(context);
      if (one !== undefined) value[member] = one;
    }
    // An amount without its unit would be another amount.
    if (shape.of !== undefined && context.faults.rejections.length > before) return undefined;
    // Constants alone, such as the country, say nothing of the row, but are no reason to lose it.
    return Object.keys(value).length === 0 ? undefined : value;
  };
}

function ownMomentReader(
  which: NonNullable<Expression['moment']>,
  shape: ValueShape,
  compiler: Compiler,
  path: readonly string[],
): ValueReader {
  if (compiler.mapping.time === undefined) compiler.fault(path, 'is the moment of the row, but the mapping has no time');
  const isTyped = shape.type === 'dateTime' || shape.type === 'interval';
  return ({ moment }) => {
    const instant = which === 'time' ? moment?.instant : moment?.[which];
    return instant === undefined ? undefined : isTyped ? (dateTime(instant).value as Json) : instant;
  };
}

/** The code that the model has, else the one of the mapping; undefined for words. */
function unitCodeOf(
  expression: Expression,
  model: AttributeModel,
  compiler: Compiler,
  path: readonly string[],
): string | ((context: RowContext) => string | undefined) | undefined {
  if (expression.unitCode === undefined) return model.unitCode;
  if (model.unitCode !== undefined && typeof expression.unitCode === 'string' && expression.unitCode !== model.unitCode) {
    compiler.fault(
      [...path, 'unitCode'],
      `is "${expression.unitCode}", but the model has ${model.unitCode} (${model.unit}); say the unit of the cells as unit`,
    );
  }
  const { fixed, read } = fixedOrColumn(expression.unitCode, compiler, [...path, 'unitCode']);
  return fixed ?? (({ row, faults }) => read(row, faults));
}

function readerOf(form: Parameters<typeof momentReader>[0], compiler: Compiler, path: readonly string[]): MomentReader {
  const reader = momentReader(form, compiler.mapping.dataset.timezone);
  if (typeof reader === 'function') return reader;
  compiler.fault(path, reader.fault);
  return () => undefined;
}

/** Reads a moment out of a column or text of the row. */
export function timeOf(
  time: NonNullable<Expression['observedAt']>,
  compiler: Compiler,
  path: readonly string[],
): (context: Pick<RowContext, 'row' | 'faults' | 'file' | 'key'>) => Moment | undefined {
  const given = [time.column, time.text].filter((one) => one !== undefined);
  if (given.length !== 1) compiler.fault(path, 'needs either column or text');
  const source = time.column === undefined ? template(time.text ?? '', compiler, [...path, 'text']) : column(time.column, compiler);
  const reader = readerOf(time, compiler, path);
  return ({ row, faults, file, key }) => {
    const cell = source(row, faults);
    return cell === undefined ? undefined : reader(cell, time.column, faults, file, key);
  };
}
