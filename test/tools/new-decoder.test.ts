import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { packageRoot } from '../../core/paths.ts';
import { checkExamples } from '../../core/service/declared-check.ts';
import { loadDeclared } from '../../core/service/declared.ts';
import { scaffoldDecoder } from '../../tools/scaffold.ts';

const decoders = join(packageRoot, 'agents', 'decoders');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'klavze-scaffold-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('scaffoldDecoder', () => {
  it('writes a declaration whose examples are as it says', async () => {
    expect(scaffoldDecoder('acme-lp1', decoders, folder)).toEqual([join(folder, 'acme-lp1', 'decoder.yaml')]);
    const declared = await loadDeclared(join(folder, 'acme-lp1', 'decoder.yaml'));
    const reports = checkExamples(declared);
    expect(reports).toHaveLength(2);
    expect(reports.flatMap(({ differences }) => differences)).toEqual([]);
  });

  it.each(['acme', 'Acme-lp1', '../x-y', ''])('refuses the name %j', (name) => {
    expect(scaffoldDecoder(name, decoders, folder)).toContain('is no name');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('never writes over a decoder', () => {
    expect(scaffoldDecoder('dragino-lds02', decoders)).toContain('exists already');
    expect(existsSync(join(decoders, 'dragino-lds02', 'decoder.yaml'))).toBe(true);
  });
});
