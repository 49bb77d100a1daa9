import { describe, expect, it } from '@jest/globals';

import telraam from '../../../adapters/telraam/index.ts';
import { addressesOf, asksWith } from '../../../core/source/addresses.ts';

const now = '2026-05-02T10:00:00.000Z';
const url = telraam.dataset.url;

describe('a dataset that is asked for by what is posted', () => {
  it('has one request per station, with the station and the days in its body', () => {
    const addresses = addressesOf(url, ['9000012345', '9000012346'], telraam, now);
    expect(addresses).toMatchObject({
      ok: true,
      value: [
        {
          url,
          key: 'adapters/telraam/9000012345',
          body: { id: '9000012345', time_start: '2026-05-01 00:00:00Z', time_end: '2026-05-02 23:59:59Z', format: 'per-hour' },
        },
        { key: 'adapters/telraam/9000012346', body: { id: '9000012346' } },
      ],
    });
  });

  it('takes the days of a backfill', () => {
    const addresses = addressesOf(url, ['9000012345'], telraam, now, { from: '2026-01-01', to: '2026-01-31' });
    expect(addresses).toMatchObject({ value: [{ body: { time_start: '2026-01-01 00:00:00Z', time_end: '2026-01-31 23:59:59Z' } }] });
  });

  it('says which setting is missing', () => {
    expect(addressesOf(url, [], telraam, now)).toMatchObject({ ok: false, error: expect.stringContaining('adapters.telraam.stations') });
  });

  it('is known by its places', () => {
    expect(asksWith('{station}', url, telraam)).toBe(true);
    expect(asksWith('{from}', 'https://data.example/{from}', {})).toBe(true);
    expect(asksWith('{part}', url, telraam)).toBe(false);
  });
});
