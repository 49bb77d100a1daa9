import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Decoder, Uplink } from '../../../core/plugin.ts';
import { loadDeclared } from '../../../core/service/declared.ts';

const head = `title: { sl: preizkusno tipalo, en: sensor of a test }
vendor: Test
models: [T1]
datasheet: written for this test
`;

/** A folder of decoders that is gone after `use`. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'klavze-decoders-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes `<folder>/<name>/decoder.yaml`, with a head unless the text has its own, and a codec where there is one. */
export function writeDecoder(folder: string, name: string, yaml: string, codec?: string): string {
  mkdirSync(join(folder, name));
  const file = join(folder, name, 'decoder.yaml');
  writeFileSync(file, yaml.includes('title:') ? yaml : `name: ${name}\n${head}${codec === undefined ? '' : 'codec: codec.js\n'}${yaml}`);
  if (codec !== undefined) writeFileSync(join(folder, name, 'codec.js'), codec);
  return file;
}

/** The decoder that a text describes. */
export function decoderOf(yaml: string, codec?: string): Promise<Decoder> {
  return inFolder(async (folder) => (await loadDeclared(writeDecoder(folder, 'test-t1', yaml, codec))).decoder);
}

export const receivedAt = '2026-03-02T08:15:00.000Z';

export function frame(hex: string, fPort = 1, decoded?: unknown): Uplink {
  const bytes = new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return uplink({ kind: 'frame', bytes, fPort, ...(decoded === undefined ? {} : { decoded }) });
}

export function json(value: unknown): Uplink {
  return uplink({ kind: 'json', value });
}

function uplink(body: Uplink['body']): Uplink {
  return { deviceId: 'd', receivedAt, defaultDecoder: 'test-t1', body };
}

/** What an uplink comes to: `{airTemperature: 21.9}` at the time of the uplink, `quantity@moment` at another one; codes and event. */
export function come(decoder: Decoder, from: Uplink): { [name: string]: number | string | string[] } {
  const { values, rejections, event } = decoder.decode(from);
  const readings = values.flatMap((record) => decoder.readings(record));
  return {
    ...Object.fromEntries(
      readings.map(({ quantity, value, observedAt }) => [observedAt === receivedAt ? quantity : `${quantity}@${observedAt}`, value]),
    ),
    ...(rejections.length === 0
      ? {}
      : { refused: rejections.map(({ code, pointer }) => (pointer === undefined ? code : `${code} ${pointer}`)) }),
    ...(event === undefined ? {} : { event }),
  };
}
