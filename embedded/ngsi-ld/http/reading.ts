import type { Request } from 'express';
import { expandChecked } from '../input/names.ts';
import { Problem } from '../problems.ts';
import type { Format, RepresentOptions } from '../represent.ts';
import type { BrokerDeps, ResolvedContext } from '../types.ts';
import { acceptOf, type MediaType } from './answer.ts';
import { listOf, type Params } from './params.ts';
import { depthOf, parseProjection, type Projection } from './projection.ts';

/** Parameters that shape the entities of an answer. */
export const READING_PARAMS = [
  'attrs',
  'pick',
  'omit',
  'options',
  'format',
  'lang',
  'geometryProperty',
  'datasetId',
  'join',
  'joinLevel',
  'containedBy',
  'local',
] as const;

/** How an answer shows entities. */
export interface Reading {
  readonly context: ResolvedContext;
  readonly accept: MediaType;
  readonly format: Format;
  readonly sysAttrs: boolean;
  readonly attrs?: ReadonlySet<string>;
  readonly pick?: Projection;
  readonly omit?: Projection;
  readonly lang?: string;
  readonly datasetIds?: readonly string[];
  readonly join?: 'inline' | 'flat';
  /** Relationships that are followed; 0 without `join`. */
  readonly joinLevel: number;
  readonly containedBy: readonly string[];
  /** IRI of the GeoProperty that is the geometry in GeoJSON. */
  readonly geometryProperty: string;
}

const FORMATS: Readonly<Record<string, Format>> = {
  normalized: 'normalized',
  concise: 'concise',
  simplified: 'simplified',
  keyValues: 'simplified',
};
const DEEPEST_JOIN = 10;

/** Words of `options` that name a representation: on input they say nothing, since each form is recognised. */
export function isFormat(word: string): boolean {
  return FORMATS[word] !== undefined;
}

export function readingOf(req: Request, params: Params, context: ResolvedContext, deps: BrokerDeps): Reading {
  const accept = acceptOf(req, ['application/json', 'application/ld+json', 'application/geo+json']);
  const { format, sysAttrs } = formatOf(params);
  const name = (text: string, what: string): string => expandChecked(text, what, context, deps.profile);
  const attrs =
    params['attrs'] === undefined ? undefined : new Set(params['attrs'].split(',').map((attribute) => name(attribute.trim(), 'attrs')));
  const pick = params['pick'] === undefined ? undefined : parseProjection(params['pick'], context, deps.profile);
  const omit = params['omit'] === undefined ? undefined : parseProjection(params['omit'], context, deps.profile);
  if (attrs !== undefined && (pick !== undefined || omit !== undefined))
    throw new Problem('BadRequestData', 'Invalid projection', 'attrs goes neither with pick nor with omit');
  const both = [...(pick?.keys() ?? [])].find((member) => omit?.has(member) === true && omit.get(member) === undefined);
  if (both !== undefined) throw new Problem('BadRequestData', 'Invalid projection', `${both} is in pick and in omit`);
  const join = joinOf(params);
  if (Math.max(depthOf(pick), depthOf(omit)) > join.joinLevel)
    throw new Problem('BadRequestData', 'Invalid projection', 'it goes deeper than join and joinLevel');
  if (params['geometryProperty'] !== undefined && accept !== 'application/geo+json') {
    throw new Problem('BadRequestData', 'Invalid URI parameter', 'geometryProperty is for application/geo+json only');
  }
  const datasetIds = listOf(params['datasetId']);
  return {
    context,
    accept,
    format,
    sysAttrs,
    ...(attrs && { attrs }),
    ...(pick && { pick }),
    ...(omit && { omit }),
    ...(params['lang'] !== undefined && { lang: params['lang'] }),
    ...(datasetIds && { datasetIds }),
    ...join,
    containedBy: listOf(params['containedBy']) ?? [],
    geometryProperty: name(params['geometryProperty'] ?? 'location', 'geometryProperty'),
  };
}

/** `format`, else `options`. Throws InvalidRequest for words that are neither. */
export function formatOf(params: Params): { format: Format; sysAttrs: boolean } {
  const words = listOf(params['options']) ?? [];
  const strange = words.find((word) => word !== 'sysAttrs' && FORMATS[word] === undefined);
  if (strange !== undefined) throw new Problem('InvalidRequest', 'Invalid URI parameter', `options: ${strange} is not known`);
  const wished = params['format'];
  if (wished !== undefined && FORMATS[wished] === undefined)
    throw new Problem('InvalidRequest', 'Invalid URI parameter', `format: ${wished} is not known`);
  const formats = words.flatMap((word) => FORMATS[word] ?? []);
  return { format: FORMATS[wished ?? ''] ?? formats[0] ?? 'normalized', sysAttrs: words.includes('sysAttrs') };
}

function joinOf(params: Params): { join?: 'inline' | 'flat'; joinLevel: number } {
  const join = params['join'];
  const level = params['joinLevel'];
  if (level !== undefined && !(/^[1-9]\d?$/.test(level) && Number(level) <= DEEPEST_JOIN)) {
    throw new Problem('BadRequestData', 'Invalid URI parameter', `joinLevel: 1 to ${DEEPEST_JOIN} is expected, not ${level}`);
  }
  if (join === undefined || join === '@none') return { joinLevel: 0 };
  if (join !== 'inline' && join !== 'flat')
    throw new Problem('BadRequestData', 'Invalid URI parameter', `join: inline, flat or @none is expected, not ${join}`);
  return { join, joinLevel: Number(level ?? 1) };
}

/** The options of one level, whose projection is given: what is omitted of an entity is not omitted of the linked ones. */
export function representOptions(reading: Reading, pick: Projection | undefined, omit: Projection | undefined): RepresentOptions {
  return {
    format: reading.format,
    sysAttrs: reading.sysAttrs,
    ...(pick && { pick: new Set(pick.keys()) }),
    ...(omit && { omit: new Set([...omit].flatMap(([member, inner]) => (inner === undefined ? member : []))) }),
    ...(reading.lang !== undefined && { lang: reading.lang }),
  };
}
