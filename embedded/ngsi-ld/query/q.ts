import { Problem } from '../problems.ts';
import { VALUE_MEMBER } from '../represent.ts';
import type { ResolvedContext, StoredAttribute, StoredEntity } from '../types.ts';
import { parseLogic, type EntityTest } from './logic.ts';
import { compare, parseOperand, type Operand } from './operand.ts';

type Operator = '==' | '!=' | '>' | '>=' | '<' | '<=' | '~=' | '!~=';

/** Options of a query that change what names and values mean. */
export interface QOptions {
  /** Attribute IRIs whose compared values are names of the vocabulary and are expanded (parameter expandValues). */
  readonly expandValues?: ReadonlySet<string>;
  /** Finds what a Relationship points to; absent: `relationship{attribute}` is refused. */
  readonly linked?: LinkedLookup;
}

export interface LinkedLookup {
  /** How many Relationships may be followed. */
  readonly depth: number;
  get(id: string): StoredEntity | undefined;
}

/** The query language of clause 4.9. Throws `Problem` BadRequestData for a text that is not of it. */
export function parseQ(text: string, context: ResolvedContext, options: QOptions = {}): EntityTest {
  return parseLogic(text.trim(), { and: ';', or: '|' }, (term) => parseTerm(term, context, options));
}

/** The q of a body: some clients percent-encode it as they do in a URL. */
export function parseQOfBody(text: string, context: ResolvedContext): EntityTest {
  return parseQ(/%[0-9A-F]{2}/i.test(text) ? decoded(text) : text, context);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parseTerm(term: string, context: ResolvedContext, options: QOptions): EntityTest {
  const linked = /^\s*([^{}=<>~!"]+)\{(.*)\}(.*)$/s.exec(term);
  if (linked !== null) return parseLinked(linked, context, options);
  const match = /^\s*(!?)([^=<>~!"{}]+?)(?:(==|!=|>=|<=|>|<|!~=|~=)(.*))?\s*$/s.exec(term);
  const [, not = '', pathText, operator, operandText] = match ?? [];
  if (pathText === undefined || (not !== '' && operator !== undefined) || operandText === '') {
    throw new Problem('BadRequestData', 'Invalid q', `${term}: attribute, operator and value are expected, or an attribute alone`);
  }
  const path = parsePath(pathText, context);
  if (operator === undefined) {
    const exists: EntityTest = (entity) => valuesOf(entity.attributes, path, entity).length > 0;
    return not === '' ? exists : (entity) => !exists(entity);
  }
  const expand = options.expandValues?.has(path.names[0] as string) === true;
  const operand = parseOperand(operandText as string, operator, expand ? (value) => context.expandVocab(value) : undefined);
  // A Relationship has no order (4.9): only equal and unequal apply.
  const isOrdered = operator !== '==' && operator !== '!=';
  return (entity) =>
    !(isOrdered && isRelation(entity, path)) && holds(valuesOf(entity.attributes, path, entity), operator as Operator, operand);
}

/** `relationship{Type:attribute}operator value`: holds if it does for an entity the Relationship points to. */
function parseLinked(match: RegExpExecArray, context: ResolvedContext, options: QOptions): EntityTest {
  const [whole, name = '', inner = '', rest = ''] = match;
  const { linked } = options;
  if (linked === undefined || linked.depth < 1)
    throw new Problem(
      'BadRequestData',
      'Invalid q',
      `${whole}: linked entities are followed only with join and a joinLevel that reaches them`,
    );
  const relation = context.expandName(name.trim());
  const hint = /^([^:{}]+):(?!\/\/)(.*)$/s.exec(inner);
  const type = hint === null ? undefined : context.expandName(hint[1] as string);
  const test = parseQ((hint?.[2] ?? inner) + rest, context, { ...options, linked: { ...linked, depth: linked.depth - 1 } });
  return (entity) =>
    (entity.attributes[relation] ?? []).some((one) =>
      [one.object ?? one.objectList ?? []].flat().some((id) => {
        const target = linked.get(id);
        return target !== undefined && (type === undefined || target.types.includes(type)) && test(target);
      }),
    );
}

interface Path {
  /** Attribute, sub-attributes: IRIs, or member names such as observedAt. */
  readonly names: readonly string[];
  readonly shortNames: readonly string[];
  /** Members inside of a structured value. */
  readonly trail: readonly string[];
}

/** `name.sub.sub[member.member]`; names may be full IRIs with dots in them when they stand alone or in the trail's front. */
function parsePath(text: string, context: ResolvedContext): Path {
  const match = /^([^[\]]+)(?:\[([^[\]]+)\])?$/.exec(text.trim());
  const whole = match?.[1];
  if (whole === undefined || /[\s&'?(),]/.test(whole)) throw new Problem('BadRequestData', 'Invalid q', `${text} is no attribute path`);
  const shortNames = splitPath(whole);
  if (shortNames.some((name) => name === '')) throw new Problem('BadRequestData', 'Invalid q', `${text} is no attribute path`);
  return {
    names: shortNames.map((name) => context.expandName(name)),
    shortNames,
    trail: match?.[2]?.split('.') ?? [],
  };
}

/** Dots part sub-attributes; those of a full IRI belong to it. */
function splitPath(text: string): string[] {
  if (!/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(text)) return text.split('.');
  const cut = text.search(/\.(?=[^/#]*$)/);
  const lastSlash = Math.max(text.lastIndexOf('/'), text.lastIndexOf('#'));
  return cut > lastSlash && lastSlash > text.indexOf('://') + 2 ? [text.slice(0, cut), ...text.slice(cut + 1).split('.')] : [text];
}

function isRelation(entity: StoredEntity, path: Path): boolean {
  return path.names.length === 1 && entity.attributes[path.names[0] as string]?.[0]?.type.endsWith('Relationship') === true;
}

const TIMES = new Set(['observedAt', 'createdAt', 'modifiedAt', 'expiresAt']);
const MEMBERS = new Set([...TIMES, 'unitCode', 'datasetId', 'lang']);

/** All values at a path: of every instance. */
function valuesOf(attributes: Record<string, StoredAttribute[]>, path: Path, holder: object): unknown[] {
  const [first, ...rest] = path.names;
  const name = path.shortNames[0] as string;
  const instances = attributes[first as string];
  if (instances === undefined) {
    // createdAt and modifiedAt of the entity itself, id and scope.
    const own = TIMES.has(name) && path.names.length === 1 ? (holder as Record<string, unknown>)[name] : undefined;
    return own === undefined ? [] : [own];
  }
  return instances.flatMap((instance) => below(instance, { names: rest, shortNames: path.shortNames.slice(1), trail: path.trail }));
}

function below(instance: StoredAttribute, path: Path): unknown[] {
  const [name] = path.shortNames;
  if (name === undefined) return dig(instance, path.trail);
  if (MEMBERS.has(name) && path.names.length === 1) {
    const member = instance[name as 'unitCode'];
    return member === undefined ? [] : [member];
  }
  const found = valuesOf(instance.attributes ?? {}, path, {});
  if (found.length > 0) return found;
  // Before 1.4 a dotted path also led into structured values; it still does where no sub-attribute has that name.
  return path.trail.length === 0 ? dig(instance, path.shortNames) : [];
}

function dig(instance: StoredAttribute, trail: readonly string[]): unknown[] {
  let value: unknown = instance[VALUE_MEMBER[instance.type]];
  if (instance.type === 'LanguageProperty' && (trail.length === 0 || trail[0] === '*')) {
    return Object.values(instance.languageMap ?? {}).flat();
  }
  for (const member of trail) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return [];
    value = (value as Record<string, unknown>)[member];
  }
  return value === undefined ? [] : [value];
}

function holds(values: readonly unknown[], operator: Operator, operand: Operand): boolean {
  const any = (test: (value: unknown) => boolean): boolean =>
    values.some((value) => (Array.isArray(value) ? value.some(test) : test(value)));
  switch (operator) {
    case '==':
      return any((value) => operand.equals(value));
    case '!=':
      return values.length > 0 && !any((value) => operand.equals(value));
    case '~=':
      return any((value) => typeof value === 'string' && operand.pattern().test(value));
    case '!~=':
      return values.length > 0 && !any((value) => typeof value === 'string' && operand.pattern().test(value));
    default:
      return any((value) => compare(value, operator, operand));
  }
}
