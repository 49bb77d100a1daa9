import { beforeAll, describe, expect, it } from '@jest/globals';

import { runOver } from './tree.ts';

/** A small tree in which each file but the first four breaks one fence. */
const files: Readonly<Record<string, string>> = {
  'core/index.ts': `export const sdk = 1;`,
  'core/service/metrics.ts': `export const metrics = 1;`,
  'agents/decoders/good/index.ts': `import { sdk } from '#core';\nimport { step } from './step.ts';\nexport default [sdk, step];`,
  'agents/decoders/good/step.ts': `export const step = 1;`,
  'core/knows-plugin.ts': `import '../agents/decoders/good/index.ts';`,
  'core/source/a.ts': `import { b } from './b.ts';\nexport const a = () => b;`,
  'core/source/b.ts': `import { a } from './a.ts';\nexport const b = () => a;`,
  'core/entity/reads-disk.ts': `import 'node:fs';`,
  'core/screen/knows-service.ts': `import '../service/metrics.ts';`,
  'core/development.ts': `import 'fast-check';`,
  'core/nowhere.ts': `import './no-such-file.ts';`,
  'adapters/deep/index.ts': `import '../../core/service/metrics.ts';`,
  'adapters/neighbour/index.ts': `import '../../agents/decoders/good/step.ts';`,
  'adapters/disk/index.ts': `import 'node:fs';`,
  'adapters/package/index.ts': `import 'axios';`,
};

const expected: readonly (readonly [file: string, fence: string])[] = [
  ['core/knows-plugin.ts', 'core-knows-no-plugin'],
  ['core/source/a.ts', 'no-circular'],
  ['core/entity/reads-disk.ts', 'pure-core-does-no-io'],
  ['core/screen/knows-service.ts', 'pure-core-does-no-io'],
  ['core/development.ts', 'no-development-packages-at-run-time'],
  ['core/nowhere.ts', 'not-to-unresolvable'],
  ['adapters/deep/index.ts', 'plugins-use-the-sdk-only'],
  ['adapters/neighbour/index.ts', 'plugins-are-strangers'],
  ['adapters/disk/index.ts', 'plugins-do-no-io'],
  ['adapters/package/index.ts', 'plugins-bring-no-packages'],
];

describe('the fences of .dependency-cruiser.js', () => {
  let found: string[];

  beforeAll(() => {
    const tool = 'dependency-cruiser/bin/dependency-cruise.mjs';
    const report = runOver(files, ['.dependency-cruiser.js'], tool, '--output-type', 'json', 'core', 'agents', 'adapters');
    const { summary } = JSON.parse(report) as { summary: { violations: { from: string; rule: { name: string } }[] } };
    found = summary.violations.map(({ from, rule }) => `${from} ${rule.name}`);
  });

  it.each(expected)('%s breaks %s', (file, fence) => {
    expect(found).toContain(`${file} ${fence}`);
  });

  it('lets a plug-in import #core and its own folder', () => {
    expect(found.filter((violation) => violation.startsWith('agents/decoders/good/'))).toEqual([]);
  });
});
