import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { numberField, readFrameFields } from '../../../core/decode/frame-fields.ts';
import { deviceClock, hasLength, readFrame } from '../../../core/decode/frame.ts';
import { milesightHistory, milesightNumber, readMilesight } from '../../../core/decode/milesight.ts';
import { loadAgents } from '../../../core/service/plugins.ts';

const receivedAt = '2026-03-02T08:15:00.000Z';
const { decoders } = await loadAgents();

function uplink(hex: string, fPort = 1): Parameters<typeof readFrame>[0] {
  const bytes = new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return { deviceId: 'idrija-17', receivedAt, defaultDecoder: 'd', body: { kind: 'frame', bytes, fPort } };
}

describe('deviceClock', () => {
  it.each([
    ['within', '2026-03-02T08:00:00.000Z', '2026-03-02T08:00:00.000Z'],
    ['a little ahead', '2026-03-02T08:19:59.000Z', '2026-03-02T08:19:59.000Z'],
    ['more than 5 minutes ahead', '2026-03-02T08:20:01.000Z', undefined],
    ['never set', '1970-01-01T00:10:00.000Z', undefined],
    ['before 2015', '2014-12-31T23:59:59.000Z', undefined],
    ['the first moment that is trusted', '2015-01-01T00:00:00.000Z', '2015-01-01T00:00:00.000Z'],
  ])('%s', (_, stamp, expected) => {
    expect(deviceClock(Date.parse(stamp) / 1000, receivedAt)).toBe(expected);
  });
});

describe('readFrame', () => {
  it('gives moments in their order, and both of two values at one moment', () => {
    const { values } = readFrame(uplink('00'), (report) => {
      report.measured('distance', 1);
      report.measured('distance', 2);
      report.measured('distance', 3, undefined, '2026-03-02T07:00:00.000Z');
    });
    expect(values).toEqual([
      { observedAt: '2026-03-02T07:00:00.000Z', values: { distance: 3 } },
      { observedAt: receivedAt, values: { distance: 1 } },
      { observedAt: receivedAt, values: { distance: 2 } },
    ]);
  });

  it('refuses what lies outside a range, and NaN, once for the same fault', () => {
    const { values, rejections } = readFrame(uplink('00'), (report) => {
      for (let i = 0; i < 3; i++) report.measured('distance', 11, [0, 10]);
      report.measured('co2', NaN, [0, 10]);
      report.measured('pm10', 10, [0, 10]);
    });
    expect(values).toEqual([{ observedAt: receivedAt, values: { pm10: 10 } }]);
    expect(rejections.map(({ message }) => message)).toEqual(['distance is 11; expected 0 to 10', 'co2 is NaN; expected 0 to 10']);
  });

  it('names the event of a frame without measurement, and refuses one that holds nothing', () => {
    expect(readFrame(uplink('00'), (report) => report.event('boot'))).toEqual({ values: [], rejections: [], event: 'boot' });
    expect(readFrame(uplink('00'), () => undefined).rejections[0]?.code).toBe('unknown_frame');
    expect(readFrame(uplink(''), () => undefined).rejections[0]?.code).toBe('truncated_frame');
    expect(readFrame(uplink('00'.repeat(1025)), () => undefined).rejections[0]?.code).toBe('unknown_frame');
    expect(readFrame(uplink('0000'), (report) => void hasLength(report, 3)).rejections[0]?.code).toBe('truncated_frame');
    expect(readFrame(uplink('0000'), (report) => void hasLength(report, 1)).rejections[0]?.code).toBe('unknown_frame');
  });
});

describe('readFrameFields', () => {
  const read = (hex: string): ReturnType<typeof readFrame> =>
    readFrame(uplink(hex), (report) =>
      readFrameFields(report, {
        headerBytes: 1,
        fieldAt: (offset) => (report.view.getUint8(offset) === 1 ? numberField('distance', 'uint16', 1000) : undefined),
        nameAt: () => 'this',
      }),
    );

  it('keeps what stood before an unknown header and nothing of a frame that was cut off', () => {
    expect(read('0103e8 02')).toMatchObject({ values: [{ values: { distance: 1 } }], rejections: [{ code: 'unknown_frame' }] });
    expect(read('0103e8 0103')).toMatchObject({ values: [], rejections: [{ code: 'truncated_frame' }] });
  });
});

describe('readMilesight', () => {
  const distance = milesightNumber('distance', 'uint16', 1000, [0.001, 10]);
  const channels = { 0x0382: distance, 0x20ce: milesightHistory(distance) };

  it('counts stored entries at their own moment and refuses those of a wrong clock', () => {
    const { values, rejections } = readMilesight(uplink('20ce7035a5699209 20ce00000010 9209 0382e803'), channels);
    expect(values.map(({ observedAt }) => observedAt)).toEqual(['2026-03-02T07:00:00.000Z', receivedAt]);
    expect(rejections.map(({ code }) => code)).toEqual(['invalid_time']);
  });

  it.each([
    ['ff 01', 'ff0101', 'boot'],
    ['fe 03', 'fe032c01', 'configuration'],
    ['f9 39', 'f9390a00', 'configuration'],
    ['f8 39 with its result', 'f8390a0000', 'configuration'],
  ])('%s is an event', (_, hex, event) => {
    expect(readMilesight(uplink(hex), channels).event).toBe(event);
  });
});

describe('no frame goes without a number, an event or a reason', () => {
  it.each([...decoders.keys()])('%s', (name) => {
    const decode = decoders.get(name)?.decode;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 260 }), fc.constantFrom(0, 1, 2, 3, 5, 6, 7, 10, 11, 85, 100), (bytes, fPort) => {
        const outcome = decode?.({ deviceId: 'd', receivedAt, defaultDecoder: name, body: { kind: 'frame', bytes, fPort } });
        expect((outcome?.values.length ?? 0) + (outcome?.rejections.length ?? 0) > 0 || outcome?.event !== undefined).toBe(true);
        expect(outcome?.rejections.length).toBeLessThan(300);
      }),
      { numRuns: 300 },
    );
  });
});
