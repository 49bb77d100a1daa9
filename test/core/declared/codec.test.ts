import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { openCodec } from '../../../core/service/codec/codec.ts';
import { come, decoderOf, frame, receivedAt } from './write.ts';

const ownProperties = Object.getOwnPropertyNames(Object.prototype).join();

async function run(source: string, bytes: readonly number[] = [1, 2], fPort = 3): Promise<unknown> {
  const codec = await openCodec(source, 'codec.js');
  if (typeof codec === 'string') return codec;
  const result = codec({ bytes: Uint8Array.from(bytes), fPort, receivedAt });
  return result.ok ? result.value : `${result.error.code}: ${result.error.message}`;
}

describe('forms of codecs', () => {
  it.each([
    ['decodeUplink', 'function decodeUplink(i) { return { data: { n: i.bytes.length, p: i.fPort }, warnings: [] } }'],
    ['a constant', 'const decodeUplink = ({ bytes, fPort }) => ({ data: { n: bytes.length, p: fPort } });'],
    ['Decode', 'function Decode(fPort, bytes, variables) { return { n: bytes.length, p: fPort } }'],
    ['Decoder', 'function Decoder(bytes, port) { return { n: bytes.length, p: port } }'],
    ['object', 'function decodeUplink(i) { return { object: { n: i.bytes.length, p: i.fPort } } }'],
    ['module.exports', 'module.exports = { decodeUplink(i) { return { data: { n: i.bytes.length, p: i.fPort } } } }'],
    ['exports', '"use strict"; exports.decodeUplink = (i) => { console.log(i); return { data: { n: i.bytes.length, p: i.fPort } } }'],
    ['an ES module', 'export function decodeUplink(i) { return { data: { n: i.bytes.length, p: i.fPort } } }'],
  ])('%s', async (_, source) => {
    expect(await run(source)).toEqual({ n: 2, p: 3 });
  });

  it('have the time of the uplink as theirs, and no chance', async () => {
    const source =
      'function decodeUplink(i) { return { data: { a: i.recvTime, b: new Date(), c: Date.now(), d: Math.random() === Math.random() } } }';
    expect(await run(source)).toEqual({ a: receivedAt, b: receivedAt, c: Date.parse(receivedAt), d: true });
  });

  it.each([
    ['function decodeUplink(', 'codec.js cannot be loaded: SyntaxError: '],
    ['function decodeUplink(i) {\n  return 1\n}\nfoo bar', '(line 4)'],
    ['var x = 1', 'codec.js holds no function decodeUplink, Decode or Decoder'],
    ['throw new Error("no")', 'codec.js cannot be loaded: Error: no (line 1)'],
    ['for (;;);', 'codec.js cannot be loaded: it took longer than it may'],
  ])('%j cannot be loaded', async (source, message) => {
    expect(await run(source)).toEqual(expect.stringContaining(message));
  });
});

describe('a codec that does harm', () => {
  it.each([
    ['for (;;);', 'it took longer than it may'],
    ['return /(a+)+b/.test("a".repeat(40))', 'it took longer than it may'],
    ['return { get data() { for (;;); } }', 'it took longer than it may'],
    ['var s = "ab".repeat(1e6); for (;;) s.indexOf("bbbb")', 'it took longer than it may'],
    ['Array.prototype.forEach.call({ length: 1e15 }, Math.abs)', 'it took longer than it may'],
    ['var a = []; for (;;) a.push(new Array(1e4).fill(1))', 'it took more memory than it may'],
    ['return (function f() { return f() + 1 })()', 'stack overflow'],
    ['eval("[".repeat(20000) + "]".repeat(20000))', 'failed'],
    ['throw new Error("boom")', 'Error: boom (line 1)'],
    ['throw null', 'null'],
    ['throw new Proxy({}, { get() { for (;;); } })', 'failed'],
    ['return { data: 10n }', 'BigInt'],
    ['var o = {}; o.o = o; return o', 'circular'],
    ['return { data: "a".repeat(1e6) }', 'its output is longer than 262144 characters'],
    ['return', 'gave nothing; expected an object'],
    ['return 7', 'gave 7; expected an object'],
  ])('%s', async (body, reason) => {
    const source = `function decodeUplink(input) { if (input.fPort === 9) return { data: { n: 1 } }; ${body} }`;
    const codec = await openCodec(source, 'codec.js');
    if (typeof codec === 'string') throw new Error(codec);
    const result = codec({ bytes: Uint8Array.of(1), fPort: 1, receivedAt });
    expect(result).toEqual({
      ok: false,
      error: expect.objectContaining({ code: 'codec_failure', message: expect.stringContaining(reason) }),
    });
    // The next message is read, at once or after the sandbox was built anew.
    const next = async (tries: number): Promise<unknown> => {
      const read = codec({ bytes: Uint8Array.of(1), fPort: 9, receivedAt });
      if (read.ok || tries === 0) return read;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return next(tries - 1);
    };
    expect(await next(500)).toEqual({ ok: true, value: { n: 1 } });
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(ownProperties);
  });

  it('has access to nothing', async () => {
    const names = ['require', 'process', 'fetch', 'setTimeout', 'WebAssembly', 'Buffer', 'global', 'window', 'XMLHttpRequest'];
    const source = `function decodeUplink() { return { data: { there: ${JSON.stringify(names)}.filter((n) => typeof globalThis[n] !== 'undefined') } } }`;
    expect(await run(source)).toEqual({ there: [] });
    expect(await run('function decodeUplink() { return { data: { p: String(import("fs")) } } }')).toEqual({ p: '[object Promise]' });
    const escape = 'function decodeUplink() { return { data: { p: this.constructor.constructor("return typeof process")() } } }';
    expect(await run(escape)).toEqual({ p: 'undefined' });
  });

  it('leaves nothing behind for the next message', async () => {
    const source = `
var seen = {}, calls = 0, buffer = new Uint8Array(100000);
function decodeUplink(input) {
  calls++; buffer[99999]++; seen[input.bytes[0]] = true; leaked = (typeof leaked === 'undefined' ? 0 : leaked) + 1;
  Array.prototype.mine = (Array.prototype.mine || 0) + 1; Object.prototype.bad = 1; Math.mine = (Math.mine || 0) + 1;
  return { data: { calls: calls, seen: Object.keys(seen), leaked: leaked, mine: [].mine, math: Math.mine, byte: buffer[99999] } };
}`;
    const codec = await openCodec(source, 'codec.js');
    if (typeof codec === 'string') throw new Error(codec);
    for (const first of [7, 8, 9]) {
      const { ok, ...rest } = codec({ bytes: Uint8Array.of(first), fPort: 1, receivedAt });
      expect({ ok, ...rest }).toEqual({ ok: true, value: { calls: 1, seen: [String(first)], leaked: 1, mine: 1, math: 1, byte: 1 } });
    }
    expect(({} as { bad?: number }).bad).toBeUndefined();
  });
});

describe('a decoder around a codec', () => {
  const codec = `
function decodeUplink(input) {
  if (input.fPort === 99) return { errors: ['unknown port', { code: 7 }] };
  var data = { temp: (input.bytes[0] << 8 | input.bytes[1]) / 10, state: input.bytes[2] ? 'open' : 'shut' };
  if (input.bytes.length > 3) data.history = [{ ts: 1772438400, temp: input.bytes[3] }];
  return { data: data, warnings: ['low battery'] };
}`;
  const table = `
json:
  values:
    - { path: temp, quantity: airTemperature, absent: [-99.9] }
    - { path: state, quantity: doorOpen, values: { open: 1, shut: 0 } }
  lists: [{ path: history, time: ts, values: [{ path: temp, quantity: airTemperature }] }]
`;

  it('reads its output by a table, history with its own moments', async () => {
    const decoder = await decoderOf(table, codec);
    expect(come(decoder, frame('00db01'))).toEqual({ airTemperature: 21.9, doorOpen: 1 });
    expect(come(decoder, frame('00db0014'))).toEqual({ airTemperature: 21.9, doorOpen: 0, 'airTemperature@2026-03-02T08:00:00.000Z': 20 });
  });

  it('refuses in the vendor’s words', async () => {
    const [rejection] = (await decoderOf(table, codec)).decode(frame('00', 99)).rejections;
    expect(rejection).toMatchObject({ code: 'refused_by_codec', message: 'the codec codec.js says: unknown port; {"code":7}' });
  });

  it('reads its output by well-known names without one', async () => {
    const source = 'function decodeUplink(i) { return { data: { temperature: 21.9, humidity: 54.5, battery: 99 } } }';
    expect(come(await decoderOf('', source), frame('01'))).toEqual({ airTemperature: 21.9, relativeHumidity: 0.545, batteryLevel: 0.99 });
  });

  it('takes a frame of any bytes', async () => {
    const decoder = await decoderOf(table, codec);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(255), (bytes, port) => {
        const { values, rejections, event } = decoder.decode(frame(Buffer.from(bytes).toString('hex'), port));
        expect(values.length + rejections.length > 0 || event !== undefined).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(come(decoder, frame('00'.repeat(1025)))).toEqual({ refused: ['unknown_frame'] });
  });
});
