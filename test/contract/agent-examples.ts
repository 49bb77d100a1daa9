import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';

import type { Entity } from '../../core/entity/entity.ts';
import { packageRoot } from '../../core/paths.ts';
import type {
  CommandResult,
  Decoder,
  Device,
  DeviceReport,
  Envelope,
  Family,
  MqttMessage,
  Reading,
  Uplink,
  Versions,
} from '../../core/plugin.ts';
import type { Rejection } from '../../core/rejection.ts';

/** A frame in an example is written in hex. */
type ExampleBody =
  { kind: 'frame'; hex: string; fPort: number; decoded?: unknown } | { kind: 'json'; value: unknown } | { kind: 'text'; text: string };
type ExampleUplink = Omit<Uplink, 'body'> & { readonly body: ExampleBody };

/** What an example says must come out; what is not named must be empty. Rejections by code. */
export interface Expected {
  readonly uplinks?: readonly ExampleUplink[];
  readonly reports?: readonly DeviceReport[];
  readonly results?: readonly CommandResult[];
  readonly readings?: readonly Reading[];
  readonly entities?: readonly Entity[];
  readonly rejections?: readonly { readonly code: string; readonly pointer?: string }[];
  readonly event?: string;
  readonly about?: Versions;
}

/** `agents/<kind>/<plug-in>/examples/<case>.json`. */
export interface Example {
  readonly description: string;
  /** Envelopes: the message, its payload as `payload` (JSON), `text` or `hex`. */
  readonly topic?: string;
  readonly receivedAt?: string;
  readonly payload?: unknown;
  readonly text?: string;
  readonly hex?: string;
  /** Decoders. */
  readonly uplink?: ExampleUplink;
  /** Families; decoders of values without names. */
  readonly device?: Device;
  /** Families. */
  readonly readings?: readonly Reading[];
  readonly expected: Expected;
}

export type Kind = 'envelopes' | 'decoders' | 'families';

export function folderOf(kind: Kind, plugin: string): string {
  return join(packageRoot, 'agents', kind, plugin);
}

export function examplesOf(kind: Kind, plugin: string): { readonly name: string; readonly file: string; readonly example: Example }[] {
  const folder = join(folderOf(kind, plugin), 'examples');
  return readdirSync(folder).map((name) => {
    const file = join(folder, name);
    return { name, file, example: JSON.parse(readFileSync(file, 'utf8')) as Example };
  });
}

/** Writes what came out into the example: `KLAVZE_GOLDEN=write npm test -- test/contract/agents`, to be read in the diff. */
export async function writeExpected(file: string, expected: Expected): Promise<void> {
  const example = JSON.parse(readFileSync(file, 'utf8')) as Example;
  writeFileSync(file, await format(JSON.stringify({ ...example, expected }), { parser: 'json', printWidth: 140 }));
}

export function messageOf(example: Example): MqttMessage {
  return { topic: example.topic ?? '', receivedAt: example.receivedAt ?? '', payload: payloadOf(example) };
}

function payloadOf({ payload, text, hex }: Example): Uint8Array {
  if (hex !== undefined) return new Uint8Array(Buffer.from(hex, 'hex'));
  return new Uint8Array(Buffer.from(text ?? JSON.stringify(payload)));
}

export function uplinkOf(example: Example): Uplink {
  const { body, ...rest } = example.uplink as ExampleUplink;
  if (body.kind !== 'frame') return { ...rest, body };
  const { hex, ...frame } = body;
  return { ...rest, body: { ...frame, bytes: new Uint8Array(Buffer.from(hex, 'hex')) } };
}

export function runEnvelope(envelope: Envelope, message: MqttMessage): Expected {
  const { values, reports, results, rejections, event } = envelope.open(message);
  return trim({ uplinks: values.map(asExample), reports, results, rejections: codesOf(rejections), event });
}

export function runDecoder(decoder: Decoder, uplink: Uplink, device?: Device): Expected {
  const { values, rejections, event, about } = decoder.decode(uplink, device);
  return trim({ readings: values.flatMap((record) => decoder.readings(record)), rejections: codesOf(rejections), event, about });
}

export function runFamily(family: Family, readings: readonly Reading[], device: Device): Expected {
  const { values, rejections } = family.map(readings, device);
  return trim({ entities: values, rejections: codesOf(rejections) });
}

function asExample({ body, ...rest }: Uplink): ExampleUplink {
  if (body.kind !== 'frame') return { ...rest, body };
  const { bytes, ...frame } = body;
  return { ...rest, body: { ...frame, hex: Buffer.from(bytes).toString('hex') } };
}

function codesOf(rejections: readonly Rejection[]): { code: string; pointer?: string }[] {
  return rejections.map(({ code, pointer }) => (pointer === undefined || pointer === '' ? { code } : { code, pointer }));
}

/** Empty lists and absent events are not written down. */
function trim(result: { [key in keyof Expected]?: Expected[key] | undefined }): Expected {
  return Object.fromEntries(
    Object.entries(result).filter(([, value]) => value !== undefined && (!Array.isArray(value) || value.length > 0)),
  );
}
