import { encode } from 'cborg';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { looksLikeCbor, readSenmlCbor } from '../../../core/decode/senml-cbor.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

describe('SenML in CBOR', () => {
  it('is told from text by its first byte', () => {
    for (const first of ['80', '81', '9f', 'd9d9f781']) expect(looksLikeCbor(hex(first))).toBe(true);
    for (const text of ['[{"n":"t"}]', '', ' [', '\u00d9\u00d9', 't|1']) expect(looksLikeCbor(Buffer.from(text))).toBe(false);
  });

  it('reads integers, and numbers of 16, 32 and 64 bits, under the labels of JSON', () => {
    expect(readSenmlCbor(hex('81a2006474656d7002f94d60'))).toEqual({ ok: true, value: [{ n: 'temp', v: 21.5 }] });
    expect(readSenmlCbor(hex('81a10238c7'))).toEqual({ ok: true, value: [{ v: -200 }] });
    expect(readSenmlCbor(hex('81a102fb3fb999999999999a'))).toEqual({ ok: true, value: [{ v: 0.1 }] });
    expect(readSenmlCbor(hex('81a2021b001fffffffffffff187818ff'))).toEqual({ ok: true, value: [{ v: 2 ** 53 - 1 }] });
  });

  it.each([
    ['a decimal fraction', '81a102c48221190866', 21.5],
    ['a decimal fraction with an exponent of 0', '81a102c4820019ffff', 65535],
    ['a bigfloat', '81a102c5822003', 1.5],
  ])('reads %s', (_, bytes, v) => {
    expect(readSenmlCbor(hex(bytes))).toEqual({ ok: true, value: [{ v }] });
  });

  it.each([
    ['that is cut', '82a2'],
    ['with a label twice', '81a202010202'],
    ['with a fraction that is no pair', '81a102c401'],
    ['with a tag that is not known', '81a102d9012c01'],
    ['nested as deep as it can be', '81'.repeat(200_000)],
    ['that announces more than there is', '9b00ffffffffffffff'],
  ])('refuses a pack %s', (_, bytes) => {
    expect(readSenmlCbor(hex(bytes))).toMatchObject({ ok: false, error: { code: 'malformed_payload' } });
  });

  it('never throws, and keeps the prototype clean', () => {
    const record = fc.dictionary(
      fc.constantFrom('__proto__', 'constructor', 'n', 'v'),
      fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((tail) => new Uint8Array([0x81, 0xa2, ...tail])),
      fc.array(record).map((pack) => encode(pack)),
    );
    fc.assert(
      fc.property(bytes, (payload) => {
        const read = readSenmlCbor(payload);
        expect(typeof read.ok).toBe('boolean');
        expect(({} as Record<string, unknown>)['v']).toBeUndefined();
      }),
    );
  });
});
