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
  /** Set when our clock was behind at the time: moments up to here are not in the future. */
  readonly latest?: Instant;
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
  /** Who may see its entities, where their models allow more; left out: as the models say (docs/access.md). */
  readonly access?: 'open' | 'partner' | 'internal';
  /** NGSILD-Tenant of its entities; left out: that of its family, else of the broker. */
  readonly tenant?: string;
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

export type * from './adapter.ts';
