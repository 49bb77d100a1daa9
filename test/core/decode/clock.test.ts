import { describe, expect, it } from '@jest/globals';

import { calibrate } from '../../../core/decode/calibrate.ts';
import { timed } from '../../../core/decode/clock.ts';
import type { Device, Reading } from '../../../core/plugin.ts';

const receivedAt = '2026-05-02T10:00:00.000Z';
const device: Device = { id: 'aq-1', family: 'air-quality', location: [14.03, 46], installedAt: '2026-05-01T00:00:00.000Z' };
const reading = (observedAt: string, value = 1): Reading => ({ quantity: 'pm10', value, observedAt });

describe('timed', () => {
  it('lets through what lies between installation and five minutes after the arrival', () => {
    const readings = [reading('2026-05-01T00:00:00.000Z'), reading('2026-05-02T10:05:00.000Z')];
    expect(timed(readings, device, receivedAt)).toEqual({ readings, rejections: [], isRestamped: false });
  });

  it('refuses the rest by a name, and keeps what is right', () => {
    const good = reading('2026-05-02T09:00:00.000Z');
    const ahead = timed([good, reading('2026-05-02T10:05:00.001Z')], device, receivedAt);
    expect(ahead.readings).toEqual([good]);
    expect(ahead.rejections.map(({ code }) => code)).toEqual(['future_time']);
    expect(timed([reading('2026-04-30T23:59:59.999Z')], device, receivedAt).rejections.map(({ code }) => code)).toEqual([
      'before_installation',
    ]);
  });

  it('moves all readings of a device that is to be restamped by the same time', () => {
    const outcome = timed(
      [reading('2001-01-01T00:00:00.000Z', 1), reading('2001-01-01T01:00:00.000Z', 2)],
      { ...device, wrongClock: 'restamp' },
      receivedAt,
    );
    expect(outcome).toEqual({
      readings: [reading('2026-05-02T09:00:00.000Z', 1), reading(receivedAt, 2)],
      rejections: [],
      isRestamped: true,
    });
  });
});

describe('calibrate', () => {
  it('corrects once, by the first correction that is valid at the moment', () => {
    const calibrated: Device = {
      ...device,
      calibration: [
        { quantity: 'pm10', factor: 0.5, validTo: '2026-05-02T00:00:00.000Z' },
        { quantity: 'pm10', factor: 0.1, offset: 0.2, validFrom: '2026-05-02T00:00:00.000Z' },
      ],
    };
    const values = calibrate([reading('2026-05-01T23:59:59.999Z', 10), reading('2026-05-02T00:00:00.000Z', 1)], calibrated);
    expect(values.map(({ value }) => value)).toEqual([5, 0.3]);
    const other = { quantity: 'no2', value: 7, observedAt: receivedAt };
    expect(calibrate([other], calibrated)).toEqual([other]);
  });
});
