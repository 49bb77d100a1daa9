import { describe, expect, it } from '@jest/globals';

import { parseGtfs } from '../../../../core/source/formats/gtfs.ts';
import { openZip, zipLimits } from '../../../../core/source/formats/zip.ts';
import { zip, type Packed } from './packed.ts';

async function verdict(files: readonly Packed[], limits = zipLimits): Promise<string | string[]> {
  const opened = await openZip(zip(files), 'a.zip', limits);
  return opened.ok ? opened.value.map(({ name }) => name) : opened.error.code;
}

const long = 'x'.repeat(5000);

describe('an archive', () => {
  it('gives its files, packed or stored, and their bytes', async () => {
    const opened = await openZip(
      zip([
        { name: 'a.txt', text: long },
        { name: 'in/b.txt', text: 'b', method: 0 },
        { name: 'in/', text: '', method: 0 },
      ]),
      'a.zip',
    );
    if (!opened.ok) throw new Error(opened.error.message);
    expect(opened.value.map(({ name, size }) => [name, size])).toEqual([
      ['a.txt', 5000],
      ['in/b.txt', 1],
    ]);
    const chunks: Buffer[] = [];
    for await (const chunk of (await opened.value[0]!.open()) as AsyncIterable<Buffer>) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(long);
  });

  it.each<[string, readonly Packed[], string]>([
    ['an encrypted file', [{ name: 'a.txt', text: 'a', flags: 1 }], 'forbidden_archive'],
    ['an archive in it', [{ name: 'a.ZIP', text: 'a' }], 'forbidden_archive'],
    ['a path out of it', [{ name: '../a.txt', text: 'a' }], 'forbidden_archive'],
    ['an absolute path', [{ name: '/etc/a.txt', text: 'a' }], 'forbidden_archive'],
    ['another way of packing', [{ name: 'a.txt', text: 'a', method: 14 }], 'forbidden_archive'],
    ['a file that is packed too well', [{ name: 'a.txt', text: 'x'.repeat(3_000_000) }], 'too_large'],
    [
      'files that share their bytes',
      [
        { name: 'a.txt', text: Array.from({ length: 3000 }, (_, at) => at).join() },
        ...Array.from({ length: 50 }, (_, at) => ({
          name: `${at}.txt`,
          text: Array.from({ length: 3000 }, (_, n) => n).join(),
          isShared: true,
        })),
      ],
      'too_large',
    ],
  ])('is refused unread with %s', async (_title, files, code) => {
    expect(await verdict(files)).toBe(code);
  });

  it('is refused unread beyond the limits', async () => {
    const files = [
      { name: 'a.txt', text: long },
      { name: 'b.txt', text: long },
    ];
    expect(await verdict(files)).toEqual(['a.txt', 'b.txt']);
    expect(await verdict(files, { ...zipLimits, entries: 1 })).toBe('too_large');
    expect(await verdict(files, { ...zipLimits, entryBytes: 4999 })).toBe('too_large');
    expect(await verdict(files, { ...zipLimits, totalBytes: 9999 })).toBe('too_large');
  });

  it('is cut short, or none at all', async () => {
    const whole = zip([{ name: 'a.txt', text: long }]);
    expect(await openZip(whole.subarray(0, -30), 'a.zip')).toMatchObject({ error: { code: 'truncated_file' } });
    expect(await openZip(Buffer.from('<html>'), 'a.zip')).toMatchObject({ error: { code: 'not_the_expected_format' } });
  });

  it('never throws, whatever byte of it is wrong', async () => {
    const whole = zip([
      { name: 'agency.txt', text: 'agency_name,agency_timezone\nA,Europe/Ljubljana\n' },
      { name: 'stops.txt', text: 'stop_id\n1\n' },
    ]);
    for (let at = 0; at < whole.length; at++) {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ 0xff;
      const parsed = await parseGtfs(broken, { kind: 'gtfs', area: [13, 45, 17, 47] }, 'a.zip');
      expect(parsed.ok).toBe(false);
    }
  });
});

describe('a feed', () => {
  const tables = {
    agency: 'agency_name,agency_timezone\nA,Europe/Ljubljana\n',
    stops: 'stop_id,stop_name,stop_lat,stop_lon\n1,A,46,14\n',
    routes: 'route_id,route_type\nR,3\n',
    trips: 'route_id,service_id,trip_id\nR,S,T\n',
    stop_times: 'trip_id,stop_id,stop_sequence\nT,1,1\n',
    calendar: 'service_id,start_date,end_date\nS,20260101,20261231\n',
  };
  const read = (change: Partial<Record<keyof typeof tables, Partial<Packed>>>) =>
    parseGtfs(
      zip(Object.entries(tables).map(([name, text]) => ({ name: `${name}.txt`, text, ...change[name as keyof typeof tables] }))),
      { kind: 'gtfs', area: [13, 45, 17, 47] },
      'feed.zip',
    );

  it('is read as long as it is what its directory says', async () => {
    expect(await read({})).toMatchObject({ ok: true, value: { header: { '@timezone': 'Europe/Ljubljana' } } });
    expect(await read({ stop_times: { size: 10 } })).toMatchObject({
      error: { code: 'not_the_expected_format', message: expect.stringContaining('stop_times.txt') },
    });
  });

  it.each([
    ['a table without header', { trips: { text: '' } }, 'not_the_expected_format'],
    ['a line with too many cells', { trips: { text: 'route_id,service_id,trip_id\nR,S,T,U\n' } }, 'not_the_expected_format'],
    ['an open quote', { trips: { text: 'route_id,service_id,trip_id\nR,S,"T\n' } }, 'truncated_file'],
  ])('is refused with %s', async (_title, change, code) => {
    expect(await read(change)).toMatchObject({ error: { code, message: expect.stringContaining('trips.txt') } });
  });
});
