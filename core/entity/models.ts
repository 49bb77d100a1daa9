/** The Smart Data Models that Klavže writes, as described by `smart-data-models/<subject>/<Type>.json`. */

/** Who may read: everybody, partners with a token of that level, or the municipality alone. Each reads what those before it may read. */
export const accessLevels = ['open', 'partner', 'internal'] as const;
export type AccessLevel = (typeof accessLevels)[number];

/** What an attribute's value looks like in key-values form. */
export interface ValueShape {
  readonly type:
    | 'number'
    | 'integer'
    | 'string'
    | 'boolean'
    | 'dateTime'
    /** A day, `2026-05-01`. */
    | 'date'
    /** An instant or an ISO 8601 interval `start/end`. */
    | 'interval'
    | 'uri'
    /** A URI or another name without spaces, as the models' identifiers allow. */
    | 'identifier'
    | 'object'
    | 'array'
    | 'geometry';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly (string | number)[];
  /** Shape of an array's items, or of every member of an object: the phases of a measurement. */
  readonly items?: ValueShape;
  /** Keys of an object value with their IRIs. */
  readonly members?: Readonly<Record<string, string>>;
  /** Shapes of single keys of an object, where `items` does not say it for all. */
  readonly of?: Readonly<Record<string, ValueShape>>;
  /** A second shape that is as good: `visibility` is a word or a number. */
  readonly or?: ValueShape;
}

export interface AttributeModel {
  readonly kind: 'Property' | 'GeoProperty' | 'Relationship';
  readonly value: ValueShape;
  /** Full IRI of the term. */
  readonly iri: string;
  /** Unit in words of the field, e.g. `µg/m³`. */
  readonly unit?: string;
  /** UN/CEFACT Recommendation 20 common code; a number must carry it, unless it is `C62`: without dimension. */
  readonly unitCode?: string;
  /** True for what a sensor measures: `observedAt` is then mandatory. */
  readonly measured?: boolean;
  /** Quantity of `schemas/quantities.json` whose physical bounds apply. */
  readonly quantity?: string;
  /** Who may read it where he may read the type; left out: `internal`. */
  readonly access?: AccessLevel;
}

export interface Model {
  readonly type: string;
  readonly iri: string;
  /** Folder and context name: `environment`, `water-quality`, `weather`, `device`. */
  readonly subject: string;
  /** Version of the official schema it was read from. */
  readonly schemaVersion: string;
  /** Names of the attributes that every entity must have. */
  readonly required: readonly string[];
  /** Who may read entities of this type; left out: `internal`. */
  readonly access?: AccessLevel;
  /** The attributes of `common.json` that the official type has; left out: all of them. */
  readonly inherits?: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeModel>>;
}

export interface Subject {
  readonly name: string;
  /** The official repository. */
  readonly repository: string;
  /** The official subject context, for requests to brokers with internet. */
  readonly officialContext: string;
}

export interface Models {
  readonly types: ReadonlyMap<string, Model>;
  readonly subjects: ReadonlyMap<string, Subject>;
}
