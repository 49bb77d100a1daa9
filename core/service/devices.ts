import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ConfigError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import type { Device, Uplink } from '../plugin.ts';
import { instant, localInstants } from '../source/time.ts';
import { commandFault } from '../command/payload.ts';
import { readCsvDevices } from './devices-csv.ts';
import { lineFinder, readYaml, validated } from './yaml.ts';

/** The devices of the operator, found by any id under which a network knows them. */
export interface DeviceRegistry {
  readonly size: number;
  readonly devices: readonly Device[];
  /** The device of this id or of this other name, without regard to case. */
  find(id: string): Device | undefined;
  /** The sender of an uplink: by `deviceId`, else by `alsoKnownAs`. */
  device(uplink: Pick<Uplink, 'deviceId' | 'alsoKnownAs'>): Device | undefined;
  /** The devices that are known as `<id>.<part>`. */
  partsOf(id: string): readonly Device[];
}

/** Names of the plug-ins that exist, so that a misspelt one is found at start. */
export interface KnownPlugins {
  readonly families: ReadonlyMap<string, unknown>;
  readonly decoders: ReadonlyMap<string, unknown>;
}

/**
 * Reads a registry of `schemas/devices.schema.json`: YAML or JSON, of a file named `.csv` the same columns (`devices-csv.ts`).
 * @throws {ConfigError} that lists every fault at once with file, line, field, what stands there and what was expected.
 */
export function loadDevices(text: string, file: string, plugins?: KnownPlugins): DeviceRegistry {
  const { written, place } = readDevicesFile(text, file);
  const faults: string[] = [];
  const byId = new Map<string, Device>();
  const devices: Device[] = [];
  for (const [i, entry] of written.entries()) {
    const where = (field: string): string => `${file}:${place(['devices', i, field])}: devices.${i}.${field}`;
    const device = normalized(entry, (field, fault) => faults.push(`${where(field)} ${fault}`));
    devices.push(device);
    for (const id of new Set([device.id, ...(device.alsoKnownAs ?? [])].map((known) => known.toLowerCase()))) {
      const other = byId.get(id);
      const field = id === device.id.toLowerCase() ? 'id' : 'alsoKnownAs';
      if (other !== undefined) faults.push(`${where(field)} "${id}" already names the device "${other.id}"; every id must be unique`);
      else byId.set(id, device);
    }
    const [longitude, latitude] = device.location;
    if (looksSwapped(longitude, latitude)) {
      faults.push(`${where('location')} [${longitude}, ${latitude}] is [latitude, longitude]; expected [longitude, latitude]`);
    }
    for (const [at, command] of (device.commands ?? []).entries()) {
      const fault = commandFault(command);
      if (fault !== undefined) faults.push(`${file}:${place(['devices', i, 'commands', at])}: devices.${i}.commands.${at} ${fault}`);
      const isTwice = device.commands?.findIndex(({ name }) => name === command.name) !== at;
      if (isTwice)
        faults.push(`${file}:${place(['devices', i, 'commands', at])}: devices.${i}.commands.${at} "${command.name}" stands there twice`);
    }
    if (device.timezone !== undefined && !isTimezone(device.timezone)) {
      faults.push(`${where('timezone')} "${device.timezone}" is no time zone; expected an IANA name such as Europe/Ljubljana or UTC`);
    }
    if (plugins !== undefined) {
      if (!plugins.families.has(device.family)) faults.push(`${where('family')} ${unknownName(device.family, plugins.families)}`);
      if (device.decoder !== undefined && !plugins.decoders.has(device.decoder)) {
        faults.push(`${where('decoder')} ${unknownName(device.decoder, plugins.decoders)}`);
      }
    }
  }
  if (faults.length > 0) throw new ConfigError(`${file} is not valid`, faults);
  return registryOf(devices, byId);
}

function registryOf(devices: readonly Device[], byId: ReadonlyMap<string, Device>): DeviceRegistry {
  // Senders mostly write an id as the registry does.
  const asWritten = new Map<string, Device>();
  for (const device of devices) for (const id of [device.id, ...(device.alsoKnownAs ?? [])]) asWritten.set(id, device);
  const find = (id: string): Device | undefined => asWritten.get(id) ?? byId.get(id.toLowerCase());
  return {
    size: devices.length,
    devices,
    find,
    device(uplink) {
      const device = find(uplink.deviceId);
      if (device !== undefined || uplink.alsoKnownAs === undefined) return device;
      for (const id of uplink.alsoKnownAs) {
        const other = find(id);
        if (other !== undefined) return other;
      }
      return undefined;
    },
    partsOf(id) {
      const start = `${id.toLowerCase()}.`;
      return [...new Set([...byId].flatMap(([known, device]) => (known.startsWith(start) ? [device] : [])))];
    },
  };
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A place in Slovenia with its coordinates exchanged lies in the sea off Yemen. */
function looksSwapped(longitude: number, latitude: number): boolean {
  return longitude > 45.4 && longitude < 46.9 && latitude > 13.3 && latitude < 16.7;
}

function unknownName(name: string, known: ReadonlyMap<string, unknown>): string {
  return `"${name}" does not exist; expected one of ${[...known.keys()].join(', ')}`;
}

/** A device as the file has it: moments may be dates, the interval a duration. */
type Written = Omit<Device, 'expectedInterval'> & { readonly expectedInterval?: number | string };

type PathPlace = (path: readonly (string | number)[]) => string;

function readDevicesFile(text: string, file: string): { readonly written: readonly Written[]; readonly place: PathPlace } {
  const schema = devicesSchema();
  if (text.trim() === '') return { written: [], place: () => '1' };
  if (file.toLowerCase().endsWith('.csv')) {
    const { value, place } = readCsvDevices(text, file, schema.$defs.device.properties);
    return { written: validated<{ devices: readonly Written[] }>(value, schema, file, place).devices, place };
  }
  const line = lineFinder(text);
  const { devices } = readYaml<{ devices: readonly Written[] }>(text, file, schema);
  return { written: devices, place: (path) => String(line(path)) };
}

interface DevicesSchema {
  readonly $defs: { readonly device: { readonly properties: Readonly<Record<string, object>> } };
}

function devicesSchema(): DevicesSchema {
  return JSON.parse(readFileSync(join(packageRoot, 'schemas', 'devices.schema.json'), 'utf8')) as DevicesSchema;
}

/** The moments of an entry in UTC and its interval in seconds. */
function normalized(entry: Written, refuse: (field: string, fault: string) => void): Device {
  const moment = (field: string, text: string | undefined): Record<string, string> => {
    if (text === undefined) return {};
    const utc = /T/.test(text) ? instant(text) : localInstants(`${text} 00:00`, 'Europe/Ljubljana')?.[0];
    if (utc === undefined) refuse(field, `${text} is not in the calendar; expected a date such as 2026-05-01`);
    return { [field.split('.').at(-1) ?? field]: utc ?? text };
  };
  const { expectedInterval, calibration, ...rest } = entry;
  return {
    ...rest,
    ...moment('installedAt', entry.installedAt),
    ...moment('retiredAt', entry.retiredAt),
    ...(expectedInterval === undefined ? {} : { expectedInterval: secondsOf(expectedInterval) }),
    ...(calibration === undefined
      ? {}
      : {
          calibration: calibration.map((one) => ({
            ...one,
            ...moment('calibration.validFrom', one.validFrom),
            ...moment('calibration.validTo', one.validTo),
          })),
        }),
  };
}

/** `P1DT2H` or seconds. The schema knows days, hours, minutes and seconds only. */
function secondsOf(interval: number | string): number {
  if (typeof interval === 'number') return interval;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(interval) ?? [];
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}
