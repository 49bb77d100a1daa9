import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { packageRoot } from '../../core/paths.ts';
import { scaffoldAdapter } from '../../tools/scaffold.ts';

let adapters: string;
beforeEach(() => {
  adapters = join(mkdtempSync(join(tmpdir(), 'klavze-scaffold-')), 'adapters');
  mkdirSync(adapters);
  cpSync(join(packageRoot, 'adapters', '_template'), join(adapters, '_template'), { recursive: true });
});
afterEach(() => rmSync(join(adapters, '..'), { recursive: true }));

describe('scaffoldAdapter', () => {
  it('copies the template with the names put in', () => {
    const files = scaffoldAdapter('bilbao-noise-map', adapters);
    expect(files).toContain(join(adapters, 'bilbao-noise-map', 'examples', 'one-station', 'expected.ndjson'));
    for (const file of files as string[]) expect(readFileSync(file, 'utf8')).not.toMatch(/__\w+__/);
    expect(readFileSync(join(adapters, 'bilbao-noise-map', 'index.ts'), 'utf8')).toContain("name: 'bilbao-noise-map'");
    expect(readFileSync(join(adapters, 'bilbao-noise-map', 'map.ts'), 'utf8')).toContain("'bilbao', record");
  });

  it.each(['noise', 'Bilbao-noise', '../x-y', '', '_a-b'])('refuses the name %j', (name) => {
    expect(scaffoldAdapter(name, adapters)).toContain('is no name');
  });

  it('never writes over an adapter', () => {
    scaffoldAdapter('bilbao-noise', adapters);
    expect(scaffoldAdapter('bilbao-noise', adapters)).toContain('exists already');
  });
});
