import type { Entity } from './entity/entity.ts';
import type { Instant, Text } from './plugin.ts';
import type { Outcome } from './result.ts';

/** How a dataset file is written. */
export type Format =
  /**
   * `rows` is the path of the repeated element, e.g. `['arsopodatki', 'postaja']`; `lists` are elements that are always arrays.
   * A file without one of `columns` in any row, or whose root attribute does not begin as `root` says, is another product.
   */
  | {
      readonly kind: 'xml';
      readonly rows: readonly string[];
      readonly lists?: readonly string[];
      readonly columns: readonly string[];
      readonly root?: { readonly attribute: string; readonly startsWith: string };
    }
  /**
   * `rows` is the path of the list of rows from the root, through lists on the way (`['intervalBlocks', 'intervalReadings']`) and, with
   * the step `*`, through the members of an object; without a step the root is the list. Members named in `outer` come into each row from the objects around it.
   * `names` is the member of the root that names the values of rows that are lists.
   */
  | {
      readonly kind: 'json';
      readonly rows: readonly string[];
      readonly outer?: readonly string[];
      readonly names?: string;
      readonly columns: readonly string[];
      /** An object at the end of the path is the only row. */
      readonly single?: true;
      /** By what member of the root the publisher says, with HTTP 200, that it has no answer, and where it says why. */
      readonly failure?: { readonly member: string; readonly value: string; readonly message: readonly string[] };
    }
  /** A FeatureCollection in the coordinate system that it must name: `EPSG:3912`; left out: WGS84. */
  | { readonly kind: 'geojson'; readonly columns: readonly string[]; readonly crs?: string }
  /**
   * The header is the first line with all of `columns`, or as many lines as `headerRows` says, joined; delimiter and encoding are found
   * out where they are not given. `faultyLines: 'row'`: a line with too many or too few cells is a row with `@fault` instead of a fault of
   * the file.
   */
  | {
      readonly kind: 'csv';
      readonly columns: readonly string[];
      readonly headerRows?: number;
      readonly delimiter?: string;
      readonly encoding?: string;
      readonly faultyLines?: 'row';
    }
  /** A workbook; the sheet is the one of that name, else the first with all of `columns`. */
  | {
      readonly kind: 'xlsx';
      readonly columns: readonly string[];
      readonly headerRows?: number;
      readonly sheet?: string;
      readonly hiddenRows?: 'skip';
    }
  /** One JSON object a line. */
  | { readonly kind: 'ndjson'; readonly columns: readonly string[] }
  /**
   * A table of a statistical office as PxWeb gives it (JSON-stat 2 or 1, PxWeb's JSON, PX, CSV). A row per cell: codes or words by the name of
   * their dimension, words beside codes under `@label:` and that name, `@value` (`''` where there is none), `@status`, of a table in columns `@column`.
   */
  | { readonly kind: 'statistics' }
  /**
   * A GTFS feed, of which the stops in an area ([west, south, east, north] in degrees) are taken and what belongs to them. A row per row of a
   * table, whose name stands under `@table`; a shape is one row, services have a table of their own.
   */
  | {
      readonly kind: 'gtfs';
      readonly area: readonly [west: number, south: number, east: number, north: number];
      /** Ids of the agencies whose lines are wanted; left out: all. Stops of the area stay. */
      readonly agencies?: readonly string[];
    }
  /** The first of several forms of one dataset that the file has. */
  | { readonly kind: 'oneOf'; readonly formats: readonly [Format, ...Format[]] };

/**
 * One record of a dataset as the format parser gives it: all leaf values are strings. XML: child elements by their name, attributes
 * by their name with `@` before it (`row['@sifra']`), an empty element is `''`. JSON: members by their name, null is `''`. GeoJSON:
 * properties by their name, `@geometry` as it stands in the file (its numbers stay numbers), `@id`. CSV: cells by their column. XLSX: cells
 * by their column, numbers and truth values as such, a date as local time (`2026-03-29`, `2026-03-29T14:30:00`), what is shown in percent as
 * `{percent: 45.5}`; `@line` is the row of the sheet.
 */
export type Row = Readonly<Record<string, unknown>>;

/** What stands in the file beside the row. */
export interface DatasetFile {
  /** XML: the element around the rows, without them; JSON: plain members of the root; GeoJSON: the collection's properties; CSV: `@title`; statistics: `@title`, `@table`, `@updated`, `@time`, `@area`, `@measure` (names of dimensions). */
  readonly header: Row;
  /** All rows in the order of the file, for a rule that needs the neighbours; none when a single row is replayed without its file. */
  readonly rows: readonly Row[];
  /** When the file was fetched or read. */
  readonly fetchedAt: Instant;
  /** Its address or the name of the file, where the rows themselves do not say what they are of. */
  readonly from?: string;
}

export type Authorization =
  /** `username` and `password` are exchanged for a bearer token (OAuth 2.0 password grant, RFC 6749 4.3). */
  | { readonly kind: 'passwordGrant'; readonly tokenUrl: string }
  /** `token` goes into a header of this name, after the word `scheme` and a space where there is one (`Bearer`). */
  | { readonly kind: 'header'; readonly header: string; readonly scheme?: 'Bearer' };

/** Older periods, for `klavze adapter backfill`. */
export interface History {
  /**
   * May hold `{station}`, `{part}`, `{from}` and `{to}` as `dataset.url` does; `{to}` is the day after the last one asked for, which is
   * right whether the publisher counts it in or not.
   */
  readonly url: string;
  /** How the file is written; left out: as the dataset itself. */
  readonly format?: Format;
  /** Days that one request may span where the URL has `{from}`: a longer period is asked for piece by piece, oldest first. */
  readonly longestDays?: number;
  /** Days back that the publisher keeps; left out: not known. */
  readonly keptDays?: number;
}

/**
 * What becomes of an entity whose row is gone from a complete snapshot of the source.
 * - `keep`: nothing; the newest state stays in the broker with its moment. For whatever measures.
 * - `mark`: it stays; its `source` gets the remark `status` = `goneFromSource` until the row is back. For things that others point to.
 * - `delete`: it is deleted in the broker. For lists that say what exists now.
 */
export type Vanished = 'keep' | 'mark' | 'delete';

/** Parameters of the URL that ask for a page, rows of each, and where the answer (JSON) has the rows and says how many there are in all. */
export interface Pages {
  readonly offset: string;
  readonly limit: string;
  readonly size: number;
  readonly rows: readonly string[];
  readonly total: readonly string[];
}

/** A batch source. Pure functions and declarations; fetching, parsing and scheduling is the core's. */
export interface Adapter<R = unknown> {
  readonly name: string;
  /** Changes with what is made of the same file, as the digest of a mapping does: a file of the inbox is then taken again. */
  readonly revision?: string;
  readonly title: Text;
  readonly dataset: {
    readonly publisher: string;
    readonly landingPage: string;
    /** May hold `{part}`, `{station}`, `{from}` and `{to}`, see `core/source/addresses.ts`. Empty: read from files only (inbox, `--input`). */
    readonly url: string;
    readonly licence: string;
    readonly attribution: string;
    /** IANA zone of local times in the data. */
    readonly timezone: string;
    readonly crs: string;
  };
  /** How the publisher wants to be asked. The secrets stand in the configuration, under `adapters.<name>`; without them it is not run. */
  readonly authorization?: Authorization;
  /** Days before today that are asked for where the URL has `{from}`: what the publisher still replaces. */
  readonly readsBack?: number;
  /** Where older periods are to be had; left out: the source has no history. */
  readonly history?: History;
  readonly vanished: Vanished;
  /** Hours after which the newest measurement is so old that the operator is told; left out: never. */
  readonly staleAfterHours?: number;
  /** Files of which the dataset consists: what stands for `{part}` in the URL, read one after the other. */
  readonly parts?: readonly [string, ...string[]];
  /** How the publisher gives a large dataset page by page; the pages are read as one file. */
  readonly pages?: Pages;
  /** What is asked by POST instead of GET, as JSON, by part; without parts under `''`. Its texts may hold what the URL may. */
  readonly post?: Readonly<Record<string, object>>;
  /** The publisher has files that name people: the bytes of a file that is refused as a whole are not kept. */
  readonly personal?: true;
  /** A larger file is refused unread; left out: 32 MB. */
  readonly maxBytes?: number;
  /** Cron expression in the dataset's time zone. */
  readonly schedule: string;
  readonly format: Format;
  readonly recordSchema: object;
  /** Smart Data Model types it makes. */
  readonly emits: readonly string[];
  /** The source's own stable key of a row (station code), for the station filter and for messages. */
  key(row: Row): string | undefined;
  /** Rows for which it is false are not wanted: they are counted as filtered. Left out: all are. */
  isWanted?(row: Row): boolean;
  /** Keys taken when the configuration names none: Idrija and its surroundings. */
  readonly defaultStations: 'all' | readonly string[];
  /** Never throws. */
  decode(row: Row, file: DatasetFile): Outcome<R>;
  map(record: R): Outcome<Entity>;
  /**
   * A shorter way for the cells of large files under the columns as they stand in the file, which gives the same as the whole way or leaves
   * the row to it. Left out or undefined: every row goes the whole way. `physical`: the bounds of a quantity.
   */
  short?(
    columns: readonly string[],
    physical: (quantity: string) => { readonly minimum: number; readonly maximum: number } | undefined,
    file: DatasetFile,
  ): ShortWay | undefined;
  /** A snapshot outside these bounds is not published at all. */
  readonly expect: { readonly minRows: number; readonly maxRejectedPct: number };
}

/** A state about which there is nothing to remark, as JSON. */
export interface SureState {
  readonly id: string;
  readonly type: string;
  /** The `observedAt` of all that is measured; empty: nothing is. */
  readonly moment: Instant | '';
  /** Names of its attributes, each with a space behind it. */
  readonly names: string;
  readonly json: string;
  /** What it says, by which two of one id and moment are told apart. */
  readonly said: string;
}

export interface ShortWay {
  /** Undefined: the row must go the whole way. `isWritten`: with `json`, which costs the most. */
  read(cells: readonly string[], isWritten: boolean): SureState | 'unwanted' | undefined;
  /** Told what a row became on the whole way when nothing of it was refused. */
  learn(cells: readonly string[], entity: Entity): void;
  /** The same as `SureState.said` of a state that went the whole way. */
  said(entity: Entity): string;
}
