import type { Decoder, Uplink } from '../../plugin.ts';
import { reject } from '../../rejection.ts';
import { refused, type Result } from '../../result.ts';
import { measurementReadings, measurementSchema, readFields, type Measurement } from '../fields.ts';
import { frameSchema, readFrame, type FrameOutcome } from '../frame.ts';
import { isObject } from '../payload.ts';
import type { Declaration, FieldRule, ValueRule } from './declaration.ts';
import { frameTable } from './frame-table.ts';
import { jsonTable } from './json-table.ts';

/** What a vendor's codec makes of a frame: its output as JSON. Never throws. */
export type CodecRun = (frame: { readonly bytes: Uint8Array; readonly fPort: number; readonly receivedAt: string }) => Result<unknown>;

/** The longest frame that is handed to a codec, as for `readFrame`. */
const longestFrame = 1024;

/** A decoder out of a declaration in which nothing is wrong any more, and of the codec that it names. */
export function declaredDecoder(declaration: Declaration, codec?: CodecRun): Decoder<Measurement> {
  const { name, title, vendor, models, datasheet, littleEndian = false, frames, json } = declaration;
  const readFrames = frames === undefined ? undefined : frameTable(frames, littleEndian);
  const table = json === undefined ? undefined : jsonTable(json);
  const readJson = table ?? ((value: unknown, receivedAt: string) => byName(value, receivedAt));

  function decode(uplink: Uplink): FrameOutcome {
    const { body, receivedAt } = uplink;
    if (body.kind === 'frame') {
      if (codec !== undefined) return decoded(codec, uplink);
      if (readFrames !== undefined) return readFrame(uplink, readFrames);
      if (body.decoded !== undefined) return readJson(body.decoded, receivedAt);
    }
    if (body.kind === 'json' && table !== undefined) return readJson(body.value, receivedAt);
    const expected = [(codec ?? frames) ? 'a binary frame' : '', table === undefined || codec !== undefined ? '' : 'JSON'].filter(
      (one) => one !== '',
    );
    return refused(
      reject(
        'decode',
        'unknown_frame',
        `the decoder ${name} got ${body.kind === 'frame' ? 'a frame that the network did not decode' : body.kind}; expected ${expected.join(' or ')}`,
      ),
    );
  }

  function decoded(run: CodecRun, { body, receivedAt }: Uplink): FrameOutcome {
    if (body.kind !== 'frame' || body.bytes.length === 0) return refused(reject('decode', 'truncated_frame', 'the frame is empty'));
    if (body.bytes.length > longestFrame) {
      return refused(reject('decode', 'unknown_frame', `the frame has ${body.bytes.length} bytes; expected at most ${longestFrame}`));
    }
    const output = run({ bytes: body.bytes, fPort: body.fPort, receivedAt });
    return output.ok ? readJson(output.value, receivedAt) : refused(output.error);
  }

  const quantities = quantitiesOf(declaration);
  return {
    name,
    title,
    device: { vendor, models, datasheet },
    recordSchema: quantities === undefined ? measurementSchema : frameSchema(...quantities),
    decode,
    readings: measurementReadings,
  };
}

/** Output of a codec without a table: by the names that the network's codecs use, as `decoded-payload` reads them. */
function byName(value: unknown, receivedAt: string): FrameOutcome {
  if (!isObject(value)) return refused(reject('decode', 'missing_field', 'the codec gave no object of names and numbers'));
  const { values, rejections } = readFields(value, receivedAt, 'network');
  return values.length > 0 || rejections.length > 0 ? { values, rejections } : { values, rejections, event: 'empty' };
}

/** Every quantity that the tables may give; undefined where the codec's own names say it. */
function quantitiesOf({ frames, json }: Declaration): readonly string[] | undefined {
  if (frames === undefined && json === undefined) return undefined;
  const values: Partial<ValueRule>[] = [...(json?.values ?? []), ...(json?.lists ?? []).flatMap((list) => list.values)];
  for (const { fields = [], channels } of frames ?? []) {
    values.push(
      ...fields.flatMap(leaves),
      ...Object.values(channels?.list ?? {}).flatMap((channel) => (channel.fields ?? []).flatMap(leaves)),
    );
  }
  return [...new Set(values.flatMap(({ quantity }) => quantity ?? []))];
}

function leaves(field: FieldRule): readonly FieldRule[] {
  return field.fields === undefined ? [field] : field.fields.flatMap(leaves);
}
