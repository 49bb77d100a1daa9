/** A table mapping as `schemas/table.schema.json` has it, with its defaults filled in. */

export type Lookup = Readonly<Record<string, string | number | boolean>>;

export interface TimeForm {
  readonly format: string | readonly string[];
  readonly zone?: string;
  readonly clockChange?: 'reject' | 'earlier' | 'later' | 'order';
  readonly at?: string;
}

export type TimeMapping = TimeForm & { readonly column?: string; readonly text?: string };

interface FromColumn {
  readonly column: string;
  readonly lookup?: string | Lookup;
  readonly otherwise?: string;
}

/** Where a value comes from and what becomes of it; a bare text is a column. */
export interface Expression {
  readonly column?: string;
  readonly text?: string;
  readonly first?: readonly string[];
  readonly value?: unknown;
  readonly members?: Readonly<Record<string, string | Expression>>;
  readonly moment?: 'time' | 'periodStart' | 'periodEnd';
  readonly match?: string;
  readonly lookup?: string | Lookup;
  readonly otherwise?: string | number | boolean;
  readonly split?: string;
  readonly unit?: string | FromColumn;
  readonly unitCode?: string | FromColumn;
  readonly round?: 'down' | 'nearest';
  readonly time?: TimeForm;
  readonly observedAt?: TimeMapping;
  readonly missing?: readonly string[];
}

export interface FormatMapping {
  readonly kind: 'csv' | 'xlsx' | 'ndjson' | 'json' | 'geojson';
  readonly delimiter?: string;
  readonly encoding?: string;
  readonly decimal?: ',' | '.';
  readonly sheet?: string;
  readonly headerRows?: number;
  readonly hiddenRows?: 'take' | 'skip';
  readonly rows?: readonly string[];
  readonly crs?: string;
}

export interface Condition {
  readonly column: string;
  readonly is?: readonly string[];
  readonly not?: readonly string[];
  readonly filled?: boolean;
}

type Position = readonly [number, number];

export type LocationMapping =
  | { readonly latitude: string; readonly longitude: string; readonly crs?: 'EPSG:4326' | 'EPSG:3906' }
  | { readonly east: string; readonly north: string; readonly crs: 'EPSG:3794' | 'EPSG:3912' }
  | { readonly fixed: Position }
  | { readonly column: string; readonly of: Readonly<Record<string, Position>> }
  | { readonly geometry: true; readonly crs?: 'EPSG:3794' | 'EPSG:3912' };

export interface TableMapping {
  readonly name: string;
  readonly title?: { readonly sl?: string; readonly en?: string };
  readonly dataset: {
    readonly publisher: string;
    readonly landingPage?: string;
    readonly url?: string;
    readonly resource?: string;
    readonly licence: string;
    readonly attribution: string;
    readonly timezone: string;
  };
  readonly schedule: string;
  readonly vanished: 'keep' | 'mark' | 'delete';
  readonly personal?: boolean;
  readonly expect: { readonly minRows: number; readonly maxRejectedPct: number };
  readonly format: FormatMapping['kind'] | FormatMapping;
  readonly missing: readonly string[];
  readonly where?: readonly Condition[];
  readonly lookups?: Readonly<Record<string, Lookup>>;
  readonly time?: TimeMapping;
  readonly location?: LocationMapping;
  readonly type: string;
  readonly id: readonly string[];
  readonly attributes: Readonly<Record<string, string | Expression>>;
}

/** The format with its kind, also where the mapping gives the kind alone. */
export function formatOf({ format }: TableMapping): FormatMapping {
  return typeof format === 'string' ? { kind: format } : format;
}
