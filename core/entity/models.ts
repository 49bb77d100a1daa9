/** The Smart Data Models that Klavže writes, as described by `smart-data-models/<subject>/<Type>.json`. */

/** What an attribute's value looks like in key-values form. */
export interface ValueShape {
  readonly type: 'number' | 'integer' | 'string' | 'boolean' | 'dateTime' | 'uri' | 'object' | 'array' | 'geometry';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}

export interface AttributeModel {
  readonly kind: 'Property' | 'GeoProperty' | 'Relationship';
  readonly value: ValueShape;
  /** Full IRI of the term. */
  readonly iri: string;
  readonly required?: boolean;
  /** Unit in words of the field, e.g. `µg/m³`. */
  readonly unit?: string;
  /** UN/CEFACT Recommendation 20 common code; a measured value must carry it. */
  readonly unitCode?: string;
  /** True for what a sensor measures: `observedAt` is then mandatory. */
  readonly measured?: boolean;
  /** Quantity of `schemas/quantities.json` whose physical bounds apply. */
  readonly quantity?: string;
}

export interface Model {
  readonly type: string;
  readonly iri: string;
  /** Folder and context name: `environment`, `water-quality`, `weather`, `device`. */
  readonly subject: string;
  readonly attributes: Readonly<Record<string, AttributeModel>>;
}

export interface Subject {
  readonly name: string;
  /** The official subject context, for requests to brokers with internet. */
  readonly officialContext: string;
}

export interface Models {
  readonly types: ReadonlyMap<string, Model>;
  readonly subjects: ReadonlyMap<string, Subject>;
}
