import { afterEach, describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import { pino } from 'pino';

import { ConfigError } from '../../../core/errors.ts';
import { loadDevices } from '../../../core/service/devices.ts';
import { followDevices, type LiveDevices } from '../../../core/service/live-devices.ts';

const entry = (id: string, family = 'air-quality'): string => `  - id: ${id}\n    family: ${family}\n    location: [14.03, 46.0]\n`;

let live: LiveDevices | undefined;
afterEach(() => live?.close());

function follow(first: string) {
  const file = { text: first as string | undefined, unreadable: undefined as string | undefined };
  const results: string[] = [];
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  live = followDevices({
    file: 'nowhere/devices.yaml',
    read: () => {
      if (file.unreadable !== undefined) throw new ConfigError(file.unreadable);
      return file.text;
    },
    load: (text) => loadDevices(text, 'devices.yaml'),
    logger: pino(sink),
  });
  live.onReload((result) => void results.push(result));
  return { live, file, results, lines };
}

describe('followDevices', () => {
  it('takes a valid version, refuses an invalid one whole with every fault once, and takes the mended one', () => {
    const { live, file, results, lines } = follow(`devices:\n${entry('a')}`);
    file.text = `devices:\n${entry('a')}${entry('b')}`;
    live.reload();
    expect(live.registry.devices.map(({ id }) => id)).toEqual(['a', 'b']);
    file.text = `devices:\n${entry('c')}${entry('c d')}  - id: e\n`;
    live.reload();
    live.reload();
    expect(live.registry.devices.map(({ id }) => id)).toEqual(['a', 'b']);
    const faults = lines.filter((line) => line.includes('devices.yaml:'));
    expect(faults).toHaveLength(3);
    file.text = `devices:\n${entry('c')}`;
    live.reload();
    expect(live.registry.devices.map(({ id }) => id)).toEqual(['c']);
    expect(results).toEqual(['taken', 'refused', 'taken']);
  });

  it('keeps the last version when the file is gone, and starts without one', () => {
    const { live, file, results } = follow(`devices:\n${entry('a')}`);
    file.text = undefined;
    live.reload();
    expect(live.registry.size).toBe(1);
    expect(results).toEqual([]);
  });

  it('keeps the last version while the file cannot be read, and says why', () => {
    const { live, file, results, lines } = follow(`devices:\n${entry('a')}`);
    file.unreadable = 'the device registry devices.yaml cannot be read: EACCES';
    live.reload();
    expect(live.registry.size).toBe(1);
    expect(lines.join('')).toContain('EACCES');
    file.unreadable = undefined;
    file.text = `devices:\n${entry('b')}`;
    live.reload();
    expect(live.registry.devices.map(({ id }) => id)).toEqual(['b']);
    expect(results).toEqual(['refused', 'taken']);
  });
});
