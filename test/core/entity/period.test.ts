import { describe, expect, it } from '@jest/globals';

import { observedPeriod, periodStart } from '../../../core/entity/period.ts';
import type { Device, Reading } from '../../../core/plugin.ts';

const to = '2026-03-29T01:05:00.000Z';
const counter: Device = { id: 'nikova', family: 'traffic', location: [14.02, 46] };
const reading: Reading = { quantity: 'vehicleCount', value: 3, observedAt: to };

describe('periodStart', () => {
  it('is what the device says, the earliest of a moment, before what the registry says', () => {
    const readings = [
      reading,
      { ...reading, observedFrom: '2026-03-29T01:04:00.000Z' },
      { ...reading, observedFrom: '2026-03-29T00:50:00.000Z' },
    ];
    expect(periodStart(readings, to, { ...counter, period: 60 })).toBe('2026-03-29T00:50:00.000Z');
  });

  it('is the registered period before the moment, over midnight and the change of clocks', () => {
    expect(periodStart([reading], to, { ...counter, period: 7200 })).toBe('2026-03-28T23:05:00.000Z');
  });

  it('is not known from a period that ends before it starts, or when nobody says it', () => {
    expect(periodStart([{ ...reading, observedFrom: '2026-03-29T01:06:00.000Z' }], to, counter)).toBeUndefined();
    expect(periodStart([reading], to, counter)).toBeUndefined();
  });
});

describe('observedPeriod', () => {
  it('gives the interval and its ends, or the moment alone', () => {
    expect(observedPeriod('2026-03-29T01:00:00.000Z', to)).toEqual({
      dateObserved: { type: 'Property', value: '2026-03-29T01:00:00.000Z/2026-03-29T01:05:00.000Z', observedAt: to },
      dateObservedFrom: { type: 'Property', value: { '@type': 'DateTime', '@value': '2026-03-29T01:00:00.000Z' }, observedAt: to },
      dateObservedTo: { type: 'Property', value: { '@type': 'DateTime', '@value': to }, observedAt: to },
    });
    expect(observedPeriod(to, to)).toMatchObject({ dateObserved: { value: to } });
    expect(observedPeriod(undefined, to)).toEqual({ dateObserved: { type: 'Property', value: to } });
  });
});
