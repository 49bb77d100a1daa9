import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../../core/paths.ts';
import type { Decoder, Device, Envelope, Family, Reading, Uplink } from '../../core/plugin.ts';
import { loadQuantities } from '../../core/service/load-models.ts';
import { placesOf } from './families.ts';
import { table } from './markdown.ts';
import { probeBytes, probeJson, type Found, type Outcome } from './probe.ts';

interface Example {
  readonly topic?: string;
  readonly receivedAt?: string;
  readonly payload?: unknown;
  readonly text?: string;
  readonly uplink?: Omit<Uplink, 'body'> & { readonly body: Readonly<Record<string, unknown>> };
  readonly device?: Device;
}

const quantities = loadQuantities();

/** Attributes of the Device entity: whatever family a device has. */
const ofDevice: Readonly<Record<string, string>> = { batteryLevel: '`Device.batteryLevel`', rssi: '`Device.rssi`' };

/** Field → quantity → unit → attribute of a decoder, out of its examples; attributes as every family that knows the quantity has them. */
export function decoderFields(decoder: Decoder, families: readonly Family[]): string {
  const fields = new Map<string, Set<string>>();
  for (const { name, example, gives } of mostFirst(decoder)) {
    const known = new Set(fields.keys());
    if (gives.every((quantity) => known.has(quantity))) continue;
    const found = probeUplink(decoder, example);
    for (const { field, names } of found) {
      for (const quantity of names) {
        if (known.has(quantity)) continue;
        const label = /^bytes? \d/.test(field) ? `${field} of \`${name}\`` : field.startsWith('`') ? field : `\`${field}\``;
        fields.set(quantity, (fields.get(quantity) ?? new Set()).add(label));
      }
    }
  }
  for (const quantity of declared(decoder)) if (!fields.has(quantity)) fields.set(quantity, new Set(['see above']));
  const rows = [...quantities].flatMap(([quantity, { unit }]) => {
    const labels = fields.get(quantity);
    if (labels === undefined) return [];
    return [[[...labels].slice(0, 6).join(', '), quantity, unit, attributesFor(quantity, families)]];
  });
  return table(['field', 'quantity', 'unit', 'attribute'], rows);
}

/** Where the families that know a quantity publish it. */
function attributesFor(quantity: string, families: readonly Family[]): string {
  const places = [...new Set(families.flatMap((family) => placesOf(family, quantity)))].map((place) => `\`${place}\``);
  return ofDevice[quantity] ?? (places.length === 0 ? 'a reading only' : places.join(', '));
}

/** Quantities that the record schema of a decoder of frames names. */
function declared({ recordSchema }: Decoder): string[] {
  const { properties } = recordSchema as { properties?: { values?: { properties?: Record<string, unknown> } } };
  return Object.keys(properties?.values?.properties ?? {});
}

/** Field → what it becomes of an envelope, with what its own decoder reads, out of its examples. */
export function envelopeFields(envelope: Envelope, decoders: ReadonlyMap<string, Decoder>, families: readonly Family[]): string {
  const rows = new Map<string, Set<string>>();
  for (const { example } of examplesOf('envelopes', envelope.name)) {
    const run = (payload: unknown): Outcome | undefined => opened(envelope, decoders, example, payload);
    const isPairs = example.text?.includes('|') === true;
    const found = isPairs ? probeJson(pairsOf(example.text ?? ''), (pairs) => run(textOf(pairs))) : probeJson(example.payload ?? null, run);
    for (const { field, names } of found) {
      const key = field === '' ? 'the whole body' : `\`${field}\``;
      rows.set(key, new Set([...(rows.get(key) ?? []), ...names]));
    }
  }
  if (rows.size === 0) return 'The body is no text: what its fields become stands above.';
  const body = [...rows].flatMap(([field, names]) =>
    [...names].map((name) => [field, ...(meanings[name] ?? [name, quantities.get(name)?.unit ?? '', attributesFor(name, families)])]),
  );
  return table(['field', 'quantity', 'unit', 'attribute'], body);
}

const meanings: Readonly<Record<string, readonly [what: string, unit: string, attribute: string]>> = {
  deviceId: ['id of the device', '', '`id` of its entities'],
  alsoKnownAs: ['a further id of the device', '', 'looked up in the registry'],
  observedAt: ['moment', 'ISO 8601, UTC', '`observedAt`'],
  receivedAt: ['moment, unless the device has a clock of its own', 'ISO 8601, UTC', '`observedAt`'],
  fPort: ['application port', '', 'for the decoder'],
  frame: ['what the device says', '', 'for the decoder'],
};

function opened(
  envelope: Envelope,
  decoders: ReadonlyMap<string, Decoder>,
  { topic = '', receivedAt = '' }: Example,
  content: unknown,
): Outcome | undefined {
  const payload = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const { values, rejections } = envelope.open({ topic, receivedAt, payload });
  const parts = values.map((uplink) => partsOf(uplink, decoders.get(uplink.defaultDecoder)));
  // Another id than that of the topic is refused: it names the device too.
  if (rejections.some(({ code }) => code === 'id_not_allowed')) return outcome([...parts.flat(), { deviceId: 'refused' }]);
  return values.length === 0 ? undefined : outcome(parts.flat());
}

function partsOf(uplink: Uplink, decoder: Decoder | undefined): Readonly<Record<string, unknown>>[] {
  const { deviceId, alsoKnownAs, receivedAt, body, radio } = uplink;
  const frame = body.kind === 'frame' ? [{ fPort: body.fPort, frame: Buffer.from(body.bytes).toString('hex') }] : [];
  const readings = decoder?.decode(uplink).values.flatMap((record) => decoder.readings(record)) ?? [];
  return [
    { deviceId, alsoKnownAs, receivedAt, ...radio },
    ...frame,
    ...readings.map(({ quantity, value, observedAt }) => ({ [quantity]: value, ...(observedAt !== receivedAt && { observedAt }) })),
  ];
}

function probeUplink(decoder: Decoder, example: Example): Found[] {
  const body = example.uplink?.body ?? {};
  const run = (altered: unknown): Outcome | undefined => {
    const { readings } = decoded(decoder, example, altered);
    return readings.length === 0 ? undefined : outcome(readings.map(({ quantity, value }) => ({ [quantity]: value })));
  };
  if (body['kind'] === 'json') return probeJson(body['value'], run);
  if (body['kind'] === 'text') return probeJson(pairsOf(String(body['text'])), (pairs) => run(textOf(pairs)));
  if (body['decoded'] !== undefined) return probeJson(body['decoded'], run);
  const isReadable = (bytes: Uint8Array): boolean =>
    decoded(decoder, example, bytes).codes.every((code) => code !== 'unknown_frame' && code !== 'truncated_frame');
  return probeBytes(new Uint8Array(Buffer.from(String(body['hex']), 'hex')), run, isReadable);
}

/** What a decoder makes of an example with another content: a JSON value, a text, bytes, or the output of a codec. */
function decoded(
  decoder: Decoder,
  { uplink, device }: Example,
  content: unknown,
): { readonly readings: Reading[]; readonly codes: string[] } {
  if (uplink === undefined) return { readings: [], codes: [] };
  const { kind, hex, fPort, decoded: codec, text } = uplink.body;
  const frame = { kind, bytes: content instanceof Uint8Array ? content : new Uint8Array(Buffer.from(String(hex), 'hex')), fPort };
  const bodies: Readonly<Record<string, unknown>> = {
    json: { kind, value: content },
    text: { kind, text: content ?? text },
    frame: codec === undefined ? frame : { ...frame, decoded: content ?? codec },
  };
  const { values, rejections } = decoder.decode({ ...uplink, body: bodies[String(kind)] as Uplink['body'] }, device);
  return { readings: values.flatMap((record) => decoder.readings(record)), codes: rejections.map(({ code }) => code) };
}

/** The last group of UltraLight: `t|21.5|h|40`, where a time may stand before. */
function pairsOf(text: string): Record<string, string> {
  const parts = text.split('#').at(-1)?.split('|') ?? [];
  const own = parts.slice(parts.length % 2);
  return Object.fromEntries(own.flatMap((part, i) => (i % 2 === 0 ? [[part, own[i + 1] ?? '']] : [])));
}

function textOf(pairs: unknown): string {
  return Object.entries(pairs as Record<string, string>)
    .flat()
    .join('|');
}

function outcome(parts: readonly Readonly<Record<string, unknown>>[]): Outcome {
  const all = new Map<string, string[]>();
  for (const [name, value] of parts.flatMap((part) => Object.entries(part))) {
    if (value !== undefined) all.set(name, [...(all.get(name) ?? []), JSON.stringify(value)].sort());
  }
  return all;
}

/** Of frames that are read whole those of one moment before stored entries, and the ones with most quantities first: the others add what they lack. */
function mostFirst(decoder: Decoder): { readonly name: string; readonly example: Example; readonly gives: readonly string[] }[] {
  return examplesOf('decoders', decoder.name)
    .map(({ name, example }) => {
      const { readings, codes } = decoded(decoder, example, example.uplink?.body['value']);
      const isNow = readings.every(({ observedAt }) => observedAt === example.uplink?.receivedAt);
      return {
        name,
        example,
        gives: [...new Set(readings.map(({ quantity }) => quantity))],
        rank: (codes.length === 0 ? 2 : 0) + (isNow ? 1 : 0),
      };
    })
    .sort((a, b) => b.rank - a.rank || b.gives.length - a.gives.length || a.name.localeCompare(b.name));
}

function examplesOf(kind: 'envelopes' | 'decoders', name: string): { readonly name: string; readonly example: Example }[] {
  const folder = join(packageRoot, 'agents', kind, name, 'examples');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({ name: file, example: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Example }));
}
