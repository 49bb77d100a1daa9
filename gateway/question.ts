import type { Q } from '../core/access/q.ts';
import type { Geometry } from '../core/entity/geojson.ts';
import type { Naming } from './naming.ts';

/** Which entities are asked for, in canonical names. */
export interface Selector {
  /** Left out: every type that the caller may read. */
  readonly types?: readonly string[];
  readonly ids?: readonly string[];
  readonly idPattern?: string;
}

export interface Geo {
  readonly georel: string;
  readonly geometry: string;
  readonly coordinates: unknown;
  readonly property: string;
}

export interface Ordering {
  readonly by: readonly { readonly name: string; readonly direction: string }[];
  readonly from?: Geometry;
}

/** How an answer shows entities; names are canonical. */
export interface View {
  readonly media: 'application/json' | 'application/ld+json' | 'application/geo+json';
  readonly form: 'normalized' | 'concise' | 'simplified';
  readonly sysAttrs: boolean;
  readonly attrs?: readonly string[];
  readonly pick?: readonly string[];
  readonly omit?: readonly string[];
  readonly datasetIds?: readonly string[];
  readonly lang?: string;
  readonly geometryProperty: string;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly count: boolean;
}

/** The window and form of a temporal question, as the broker takes them (ETSI GS CIM 009, 5.2.21). */
export interface Temporal {
  readonly temporalQ: Readonly<Record<string, unknown>>;
  readonly format: 'normalized' | 'temporalValues' | 'aggregatedValues';
}

/** A query that was understood in all its parts; nothing else of a request reaches the broker. */
export interface Question {
  readonly naming: Naming;
  readonly selectors: readonly Selector[];
  readonly q?: Q;
  readonly scopeQ?: string;
  readonly geo?: Geo;
  readonly ordering?: Ordering;
  readonly expandValues?: readonly string[];
  readonly page: Page;
  readonly view: View;
  readonly temporal?: Temporal;
}
