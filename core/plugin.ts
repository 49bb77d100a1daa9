import type { Entity } from './entity/entity.ts';
import type { Outcome } from './result.ts';

/** ISO 8601 in UTC with milliseconds: `2026-05-01T10:00:00.000Z`. */
export type Instant = string;

/** A text that a person reads, in both languages of the operator. */
export interface Text {
  readonly sl: string;
  readonly en: string;
}

// --- agents: what arrives over MQTT -------------------------------------------------------------------------------

/** One MQTT message as it arrived. `receivedAt` is the clock of this machine at arrival. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly receivedAt: Instant;
  /** The broker had kept it: it was sent at any time before, and its arrival says nothing of when. */
  readonly retained?: true;
}

/** What the device sent, still in its own language. */
export type UplinkBody =
  /** A binary frame, for example of a LoRaWAN device. `decoded` is what the network's own codec made of it, if it has one. */
  | { readonly kind: 'frame'; readonly bytes: Uint8Array; readonly fPort: number; readonly decoded?: unknown }
  /** A JSON value. */
  | { readonly kind: 'json'; readonly value: unknown }
  /** A text form such as UltraLight. */
  | { readonly kind: 'text'; readonly text: string };

/** One transmission of one device, taken out of its network's envelope. */
export interface Uplink {
  /** The id by which the network knows the device; the registry looks it up. */
  readonly deviceId: string;
  /** Further ids of the same device (DevEUI), tried when `deviceId` is not registered. */
  readonly alsoKnownAs?: readonly string[];
  /** Best known time of the transmission: the network server's clock where it has one, else `receivedAt` of the message. */
  readonly receivedAt: Instant;
  /** The decoder to take when the device registry names none. */
  readonly defaultDecoder: string;
  /** What the network itself says of the device (battery, radio) and not the device: read by `defaultDecoder` whatever the registry names. */
  readonly isOfNetwork?: true;
  readonly body: UplinkBody;
  /** Link quality of the best gateway: dBm and dB. */
  readonly radio?: { readonly rssi?: number; readonly snr?: number };
}

/** Versions that a device says of itself, as texts of `versionText`. */
export interface Versions {
  readonly firmwareVersion?: string;
  readonly softwareVersion?: string;
  readonly hardwareVersion?: string;
}

/** What a message says of a device itself and not of the world: it came or went (last will, join, death), its versions. */
export interface DeviceReport extends Versions {
  /** As in `Uplink`. A device that is not in the registry is passed over. */
  readonly deviceId: string;
  readonly alsoKnownAs?: readonly string[];
  /** When it was so. */
  readonly at: Instant;
  readonly online?: boolean;
  /** Also of the devices that the registry knows as `<deviceId>.<part>`: channels of a meter, devices of a node. */
  readonly withParts?: true;
}

/** What a device or its network answered to a command. */
export interface CommandResult {
  /** As in `Uplink`. */
  readonly deviceId: string;
  readonly alsoKnownAs?: readonly string[];
  readonly at: Instant;
  /** Name of the command; left out where the network names it by the `reference` of its downlink. */
  readonly name?: string;
  readonly reference?: string;
  /** QUEUED: at the network; DELIVERED: sent to the device; OK: it said that it did it; ERROR: it did not, or it was not reached. */
  readonly status: 'QUEUED' | 'DELIVERED' | 'OK' | 'ERROR';
  readonly info?: unknown;
}

/** A command on its way down, to be put into the words of the network on which the device was last heard. */
export interface Downlink {
  readonly heardOn: string;
  readonly name: string;
  readonly value: unknown;
  /** What the registry's template made of it; at most one of them. */
  readonly bytes?: Uint8Array;
  readonly json?: unknown;
  readonly text?: string;
  /** LoRaWAN: port and whether the device must acknowledge. */
  readonly fPort?: number;
  readonly confirmed?: boolean;
  /** A UUID, by which answers of the network name it. */
  readonly reference: string;
}

export interface DownMessage {
  readonly topic: string;
  readonly payload: string | Uint8Array;
}

/** What an envelope remembers from message to message, by keys of its own; plain JSON. */
export type Memory = ReadonlyMap<string, unknown>;

/** What a message was. Only envelopes of protocols with a state use the last two. */
export type Opened = Outcome<Uplink> & {
  /** Names a message without a measurement (join, status). */
  readonly event?: string;
  /** What it says of devices themselves. */
  readonly reports?: readonly DeviceReport[];
  /** What it answers to commands. */
  readonly results?: readonly CommandResult[];
  /** To be remembered for the messages after it; undefined forgets. */
  readonly remember?: readonly (readonly [key: string, value: unknown])[];
  /** To be published to whoever sent it. */
  readonly ask?: readonly { readonly topic: string; readonly payload: Uint8Array }[];
};

/** Who carried the message: takes the transmission out of the network's wrapping. Pure. */
export interface Envelope {
  readonly name: string;
  readonly title: Text;
  /** MQTT topic filters, with `+` and `#`. */
  readonly topics: readonly string[];
  /** Topic filters of what networks post to this process: `POST /ingest/<network>/<detail>` becomes a message on the topic of that path. */
  readonly pushes?: readonly string[];
  /**
   * Never throws. A message without a measurement (join, status) gives neither values nor rejections and `event` names it. `memory` is what
   * its messages before asked to remember; without it (a message that is tried or replayed) nothing is known.
   */
  open(message: MqttMessage, memory?: Memory): Opened;
  /** The message with which a command reaches a device; a text says why it cannot. Left out: this network takes no commands. */
  command?(downlink: Downlink): DownMessage | string;
}

/** A measured quantity in its unit of `schemas/quantities.json`. */
export interface Reading {
  readonly quantity: string;
  readonly value: number;
  /** When it was measured: the device's clock where it has one, else `uplink.receivedAt`. */
  readonly observedAt: Instant;
  /** Start of the counting or averaging period that ends with `observedAt`, where the device says it; else `Device.period` is taken. */
  readonly observedFrom?: Instant;
}

/** A correction of one quantity: `value · factor + offset`, in the quantity's own unit, from `validFrom` on and before `validTo`. */
export interface Calibration {
  readonly quantity: string;
  readonly factor?: number;
  readonly offset?: number;
  readonly validFrom?: Instant;
  readonly validTo?: Instant;
}

/** A command that may be sent to a device, and how it is written. One of `hex`, `json` and `text`, or none. */
export interface DeviceCommand {
  /** Attribute of the Device entity whose change sends it. */
  readonly name: string;
  /** What may be sent: one of these, or a number between. With neither the command takes no value. */
  readonly values?: readonly (string | number | boolean)[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** Bytes, with `{value:uint16le}` where the value goes; or the bytes of each value. */
  readonly hex?: string | Readonly<Record<string, string>>;
  /** A JSON value, in which the text `{value}` stands for the value. */
  readonly json?: unknown;
  readonly text?: string;
  readonly fPort?: number;
  readonly confirmed?: boolean;
  /** Published there as it is, whatever network the device was heard on. */
  readonly topic?: string;
}

/** A device as the registry (`devices.yaml`) describes it. */
export interface Device {
  /** The id it publishes with; part of the entity's URN. */
  readonly id: string;
  /** Decoder name; without it the envelope's default decoder is taken. */
  readonly decoder?: string;
  /** Family name: what its readings mean. */
  readonly family: string;
  readonly name?: Partial<Text>;
  /** WGS84 [longitude, latitude]. */
  readonly location: readonly [number, number];
  readonly alsoKnownAs?: readonly string[];
  /** River level: height of the sensor above gauge zero in metres. waterLevel = datum − distance. */
  readonly datum?: number;
  readonly owner?: string;
  readonly addressLocality?: string;
  /** Height above ground in metres at which it is mounted. */
  readonly height?: number;
  /** What it measured before was not measured here. */
  readonly installedAt?: Instant;
  /** What arrives from then on is refused as `retired_device`. */
  readonly retiredAt?: Instant;
  /** Seconds between two messages; silent for three of them it is reported. */
  readonly expectedInterval?: number;
  /** Who may see what it measures; left out: everyone. */
  readonly access?: 'open' | 'internal';
  /** What becomes of readings that its clock stamps in the future or before its installation; left out: they are refused. */
  readonly wrongClock?: 'refuse' | 'restamp';
  readonly calibration?: readonly Calibration[];
  /** The only commands that may be sent to it. */
  readonly commands?: readonly DeviceCommand[];
  /** What values are whose names say nothing (`result` of SensorThings, tags of a controller); unit left out: the quantity's own. */
  readonly fields?: Readonly<Record<string, { readonly quantity: string; readonly unit?: string }>>;
  /** Noise, traffic: seconds over which it counts or averages before each message. */
  readonly period?: number;
  /** Traffic: the lane that it observes, counted from the middle of the road. */
  readonly laneId?: number;
  /** Traffic: the direction that it observes, where it is one only. */
  readonly laneDirection?: 'forward' | 'backward';
  /** Parking: places of the car park whose vehicles it counts. */
  readonly totalSpots?: number;
  /** Parking: id of the OnStreetParking or OffStreetParking entity to which the spot belongs. */
  readonly parkingSite?: string;
  /** Energy: phases that the meter is connected to. */
  readonly phases?: 1 | 3;
  /** Meter: what it counts, as SmartMeteringObservation has it; set, its register is published there with its fractions too. */
  readonly meterType?: string;
  /** Zone of its clock where that tells none, by its IANA name; left out: Europe/Ljubljana. */
  readonly timezone?: string;
  /** How exactly its place is published; left out: exact, in families of personal data coarse. */
  readonly publishedLocation?: 'exact' | 'coarse';
}

/** What the device said. `decode` parses one uplink into records of `recordSchema`; `readings` turns a record into SI units. Pure. */
export interface Decoder<R = unknown> {
  readonly name: string;
  readonly title: Text;
  readonly device: { readonly vendor: string; readonly models: readonly string[]; readonly datasheet: string };
  /** JSON Schema (draft 2020-12 or 07) of R; unknown keys refused. */
  readonly recordSchema: object;
  /**
   * Never throws. A frame without a measurement (boot, configuration) gives neither values nor rejections and `event` names it. `device` is
   * its sender as the registry describes it, for those whose values have no names of their own. `about` are versions that it says.
   */
  decode(uplink: Uplink, device?: Device): Outcome<R> & { readonly event?: string; readonly about?: Versions };
  readings(record: R): Reading[];
}

/** What it means: readings of one device become entities of Smart Data Models. Pure. */
export interface Family {
  readonly name: string;
  readonly title: Text;
  /** Quantities it understands; others are rejections `unmapped_quantity`. */
  readonly quantities: readonly string[];
  /** Smart Data Model types it makes. The Device entity is not among them: the core makes it for every device, whatever its family. */
  readonly emits: readonly string[];
  /** Readings tell how people live (a household's meter): place and name are published coarsely, see `core/entity/published.ts`. */
  readonly personal?: true;
  /** What such a device measures, in the words of the Device model's `controlledProperty`. */
  readonly controlledProperty: readonly string[];
  /** All readings of one uplink, save those that speak of the device itself (`core/entity/device.ts`). Readings with different `observedAt` become separate states of the same entity. */
  map(readings: readonly Reading[], device: Device): Outcome<Entity>;
}

// --- adapters: datasets -------------------------------------------------------------------------------------------

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
