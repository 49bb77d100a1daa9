import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { Consignment } from '../../core/outbox/outbox.ts';
import { packageRoot } from '../../core/paths.ts';
import type { Knowledge } from '../../core/pipeline.ts';
import type { Adapter } from '../../core/plugin.ts';
import { runAdapter, type RunReport, type Stations } from '../../core/source/dataset.ts';
import { sampleFilesOf } from '../../tools/sample-files.ts';
import { shared } from '../../tools/shared.ts';

/** After every moment in examples and samples, so that none lies in the future. */
const now = '2030-01-01T00:00:00.000Z';

/** One run over bytes, with what reached the sink. */
export async function runOver(
  adapter: Adapter,
  knowledge: Knowledge,
  bytes: Uint8Array,
  name: string,
  stations: Stations = 'all',
): Promise<{ report: RunReport; consignments: Consignment[] }> {
  const consignments: Consignment[] = [];
  const sink = {
    append(consignment: Consignment) {
      consignments.push(consignment);
      return Promise.resolve();
    },
  };
  const report = await runAdapter({ adapter, knowledge, input: { kind: 'file', bytes, name }, stations, sink, clock: () => now });
  return { report, consignments };
}

export interface Example {
  readonly adapter: string;
  readonly name: string;
  readonly folder: string;
  /** `input.xml`, `input.json`, … */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** All `adapters/<adapter>/examples/<name>/input.<format>`. */
export function examplesOf(adapter: string): Example[] {
  const root = join(packageRoot, 'adapters', adapter, 'examples');
  return readdirSync(root).map((name) => {
    const folder = join(root, name);
    const file = readdirSync(folder).find((entry) => entry.startsWith('input.')) ?? 'input';
    return { adapter, name, folder, file, bytes: readFileSync(join(folder, file)) };
  });
}

/** Files of the shared samples of an adapter; none where they are not at hand. */
export function sharedSamplesOf(adapter: string): { name: string; bytes: Uint8Array }[] {
  return sampleFilesOf(adapter, join(shared, 'samples')).map((file) => ({ name: basename(file), bytes: readFileSync(file) }));
}
