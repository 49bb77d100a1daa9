import { geometryFault, type Geometry } from '../../../core/entity/geojson.ts';
import { Problem } from '../problems.ts';
import { VALUE_MEMBER } from '../represent.ts';
import type { ResolvedContext, StoredAttribute, StoredEntity } from '../types.ts';
import { distanceBetween } from './geometry.ts';

export interface Ordering {
  /** `member;direction`, first decides. */
  readonly orderBy: readonly string[];
  /** BCP 47 tag. */
  readonly collation?: string;
  /** The geometry from which dist-asc and dist-desc measure. */
  readonly from?: Geometry;
}

type Compare = (a: StoredEntity, b: StoredEntity) => number;
const DIRECTIONS = ['asc', 'desc', 'dist-asc', 'dist-desc'];
const OWN = new Set(['id', 'createdAt', 'modifiedAt', 'expiresAt']);

/** An order of entities (4.23): numbers before strings before other values before none. Throws BadRequestData. */
export function parseOrdering(ordering: Ordering, context: ResolvedContext): Compare {
  const collator = ordering.collation === undefined ? undefined : collatorFor(ordering.collation);
  const compares = ordering.orderBy.map((text) => parseTerm(text, ordering, collator, context));
  return (a, b) => {
    for (const compare of compares) {
      const difference = compare(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

function parseTerm(text: string, ordering: Ordering, collator: Intl.Collator | undefined, context: ResolvedContext): Compare {
  const [path = '', direction = 'asc', ...rest] = text.split(';').map((part) => part.trim());
  const match = /^([^[\]]+)(?:\[([^[\]]+)\])?$/.exec(path);
  if (match === null || rest.length > 0 || !DIRECTIONS.includes(direction)) {
    throw new Problem('BadRequestData', 'Invalid orderBy', `${text}: a member and ${DIRECTIONS.join(', ')} are expected`);
  }
  const value = reader(match[1] as string, match[2]?.split('.') ?? [], context);
  if (direction.startsWith('dist-')) return byDistance(value, ordering.from, direction === 'dist-asc' ? 1 : -1);
  const sign = direction === 'asc' ? 1 : -1;
  return (a, b) => {
    const [left, right] = [value(a), value(b)];
    const ranks = rank(left) - rank(right);
    // What is not there stays last in both directions.
    if (ranks !== 0) return left === undefined || right === undefined ? ranks : sign * ranks;
    if (typeof left === 'number' && typeof right === 'number') return sign * (left - right);
    const [x, y] = [sortText(left), sortText(right)];
    return sign * (collator?.compare(x, y) ?? (x < y ? -1 : x > y ? 1 : 0));
  };
}

function byDistance(value: (entity: StoredEntity) => unknown, from: Geometry | undefined, sign: number): Compare {
  if (from === undefined)
    throw new Problem('BadRequestData', 'Invalid orderBy', 'an order by distance needs the coordinates it is measured from');
  const metres = (entity: StoredEntity): number => {
    const geometry = value(entity);
    return geometryFault(geometry) === undefined ? distanceBetween(geometry as Geometry, from) : Infinity;
  };
  return (a, b) => {
    const [x, y] = [metres(a), metres(b)];
    if (x === Infinity || y === Infinity) return x === y ? 0 : x === Infinity ? 1 : -1;
    return sign * (x - y);
  };
}

function reader(name: string, trail: readonly string[], context: ResolvedContext): (entity: StoredEntity) => unknown {
  if (OWN.has(name)) return (entity) => entity[name as 'id'];
  if (name === 'type') return (entity) => context.compactName(entity.types[0] ?? '');
  if (name === 'scope') return (entity) => entity.scope?.[0];
  const [attribute = '', ...parts] = name.includes('://') ? [name] : name.split('.');
  const iri = context.expandName(attribute);
  const times = new Set(['observedAt', 'createdAt', 'modifiedAt']);
  return (entity) => {
    let instance = defaultInstance(entity.attributes[iri]);
    for (const part of parts) {
      if (times.has(part)) return instance?.[part as 'observedAt'];
      instance = defaultInstance(instance?.attributes?.[context.expandName(part)]);
    }
    if (instance === undefined) return undefined;
    let value: unknown = instance[VALUE_MEMBER[instance.type]];
    for (const member of trail)
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[member] : undefined;
    return value;
  };
}

function defaultInstance(instances: readonly StoredAttribute[] = []): StoredAttribute | undefined {
  return instances.find((one) => one.datasetId === undefined) ?? instances[0];
}

function rank(value: unknown): number {
  if (value === undefined) return 4;
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') return 1;
  return typeof value === 'boolean' ? 2 : 3;
}

function sortText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function collatorFor(tag: string): Intl.Collator {
  try {
    return new Intl.Collator(tag);
  } catch {
    throw new Problem('BadRequestData', 'Invalid collation', `${tag} is no language tag`);
  }
}
