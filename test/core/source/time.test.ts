import { Temporal } from '@js-temporal/polyfill';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { instant, localInstant, localInstants, rfc822Instant } from '../../../core/source/time.ts';

const zone = 'Europe/Ljubljana';

describe('instant', () => {
  it.each([
    ['2026-05-01T10:00:00Z', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01 10:00+01:00', '2026-05-01T09:00:00.000Z'],
    ['2026-08-01T00:00:00+0000', '2026-08-01T00:00:00.000Z'],
    ['2026-05-01T10:00:00.123456789Z', '2026-05-01T10:00:00.123Z'],
  ])('reads %s', (text, moment) => expect(instant(text)).toBe(moment));

  it.each(['2026-05-01 10:00', '2026-05-01', '2026-02-30T10:00Z', '2026-05-01T25:00Z', '', 'now'])('refuses %j', (text) => {
    expect(instant(text)).toBeUndefined();
  });
});

describe('rfc822Instant', () => {
  it.each([
    ['07 Mar 2024 14:20:00 +0000', '2024-03-07T14:20:00.000Z'],
    ['7 Mar 2024 8:40:00 +0000', '2024-03-07T08:40:00.000Z'],
    ['7 Mar 2024 14:20:00 +0100', '2024-03-07T13:20:00.000Z'],
    ['Thu, 07 Mar 2024 14:20 GMT', '2024-03-07T14:20:00.000Z'],
  ])('reads %s', (text, moment) => expect(rfc822Instant(text)).toBe(moment));

  it.each(['31 Feb 2024 14:20:00 +0000', '07 Mrz 2024 14:20:00 +0000', '07 Mar 2024 14:20:00', ''])('refuses %j', (text) => {
    expect(rfc822Instant(text)).toBeUndefined();
  });
});

describe('localInstants', () => {
  it('knows both sides of the clock changes', () => {
    expect(localInstants('2026-03-29 01:59', zone)).toEqual(['2026-03-29T00:59:00.000Z']);
    expect(localInstants('2026-03-29 02:00', zone)).toEqual([]);
    expect(localInstants('2026-03-29 03:00', zone)).toEqual(['2026-03-29T01:00:00.000Z']);
    expect(localInstants('2026-10-25 01:59', zone)).toEqual(['2026-10-24T23:59:00.000Z']);
    expect(localInstants('2026-10-25 02:30', zone)).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z']);
    expect(localInstants('2026-10-25 03:00', zone)).toEqual(['2026-10-25T02:00:00.000Z']);
  });

  it('gives what the time zone rules say, on every day of years with and without clock changes', () => {
    const minutes = fc.integer({ min: Date.UTC(1975, 0) / 60_000, max: Date.UTC(2040, 0) / 60_000 });
    fc.assert(
      fc.property(minutes, fc.constantFrom(zone, 'UTC', 'America/St_Johns'), (minute, anyZone) => {
        const moment = Temporal.Instant.fromEpochMilliseconds(minute * 60_000);
        const local = moment.toZonedDateTimeISO(anyZone).toPlainDateTime().toString({ smallestUnit: 'minute' });
        expect(localInstants(local, anyZone)).toContain(moment.toString({ fractionalSecondDigits: 3 }));
      }),
    );
  });

  it.each(['2026-05-01T24:00', '2026-02-30 10:00', '2026-05-01T10:00Z', '2026-05-01 10:00+02:00', '2026-13-01 10:00', '2026-05-01', 'x'])(
    'takes %j for no local time',
    (text) => {
      expect(localInstants(text, zone)).toBeUndefined();
    },
  );
});

describe('localInstant', () => {
  const codeOf = (text: string): string => {
    const result = localInstant(text, zone, '/datum');
    return result.ok ? result.value : result.error.code;
  };
  it('gives the one moment or says why there is none', () => {
    expect(codeOf('2026-07-01 12:00')).toBe('2026-07-01T10:00:00.000Z');
    expect(codeOf('2026-10-25 02:00')).toBe('ambiguous_time');
    expect(codeOf('2026-03-29 02:30')).toBe('invalid_time');
    expect(codeOf('1. 7. 2026 12:00')).toBe('invalid_time');
  });
});
