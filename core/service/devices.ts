import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';

import { ConfigError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import type { Device, Uplink } from '../plugin.ts';
import { readYaml } from './yaml.ts';

/** The devices of the operator, found by any id under which a network knows them. */
export interface DeviceRegistry {
  readonly size: number;
  readonly devices: readonly Device[];
  /** The device of this id or of this other name, without regard to case. */
  find(id: string): Device | undefined;
  /** The sender of an uplink: by `deviceId`, else by `alsoKnownAs`. */
  device(uplink: Uplink): Device | undefined;
}

/** Names of the plug-ins that exist, so that a misspelt one is found at start. */
export interface KnownPlugins {
  readonly families: ReadonlyMap<string, unknown>;
  readonly decoders: ReadonlyMap<string, unknown>;
}

/**
 * Reads a registry, YAML or JSON, of `schemas/devices.schema.json`.
 * @throws {ConfigError} that lists every fault at once with file, line, field, what stands there and what was expected.
 */
export function loadDevices(text: string, file: string, plugins?: KnownPlugins): DeviceRegistry {
  const schema = JSON.parse(readFileSync(join(packageRoot, 'schemas', 'devices.schema.json'), 'utf8')) as object;
  const { devices } = readYaml<{ devices: readonly Device[] }>(text.trim() === '' ? 'devices: []' : text, file, schema);
  const line = lineFinder(text);
  const faults: string[] = [];
  const byId = new Map<string, Device>();
  for (const [i, device] of devices.entries()) {
    const where = (field: string): string => `${file}:${line(['devices', i, field])}: devices.${i}.${field}`;
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
  const find = (id: string): Device | undefined => byId.get(id.toLowerCase());
  return {
    size: devices.length,
    devices,
    find,
    device(uplink) {
      for (const id of [uplink.deviceId, ...(uplink.alsoKnownAs ?? [])]) {
        const device = find(id);
        if (device !== undefined) return device;
      }
      return undefined;
    },
  };
}

/** A place in Slovenia with its coordinates exchanged lies in the sea off Yemen. */
function looksSwapped(longitude: number, latitude: number): boolean {
  return longitude > 45.4 && longitude < 46.9 && latitude > 13.3 && latitude < 16.7;
}

function unknownName(name: string, known: ReadonlyMap<string, unknown>): string {
  return `"${name}" does not exist; expected one of ${[...known.keys()].join(', ')}`;
}

/** Line of the nearest node that exists on a path. */
function lineFinder(text: string): (path: readonly (string | number)[]) => number {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return (path) => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
}
