import { describe, expect, it } from '@jest/globals';

import { withoutContradictions } from '../../../core/decode/contradictions.ts';

const at = '2026-05-01T10:00:00.000Z';
const later = '2026-05-01T10:15:00.000Z';
const reading = (quantity: string, value: number, observedAt = at) => ({ quantity, value, observedAt });

describe('withoutContradictions', () => {
  it('leaves out a quantity with two values of one moment and says which', () => {
    const { clear, rejections } = withoutContradictions([
      reading('airTemperature', 27.2),
      reading('pm10', 5),
      reading('airTemperature', 25.5),
    ]);
    expect(clear).toEqual([reading('pm10', 5)]);
    expect(rejections).toMatchObject([{ stage: 'map', code: 'contradiction', message: expect.stringContaining('27.2, 25.5') }]);
  });

  it('takes an exact repeat once and other moments as they are', () => {
    const { clear, rejections } = withoutContradictions([reading('pm10', 5), reading('pm10', 5), reading('pm10', 6, later)]);
    expect(clear).toEqual([reading('pm10', 5), reading('pm10', 6, later)]);
    expect(rejections).toEqual([]);
  });

  it('holds periods that end together apart', () => {
    const hour = { ...reading('vehicles', 40), observedFrom: '2026-05-01T09:00:00.000Z' };
    const quarter = { ...reading('vehicles', 11), observedFrom: '2026-05-01T09:45:00.000Z' };
    expect(withoutContradictions([hour, quarter]).clear).toEqual([hour, quarter]);
  });
});
