import { join } from 'node:path';

import { packageRoot } from '../../core/paths.ts';
import type { Adapter } from '../../core/plugin.ts';
import { qualityOf, tiers } from '../quality.ts';
import { table } from './markdown.ts';

/** Tier, sample and open rules of every adapter, from its `quality.json`. */
export function qualityTable(adapters: readonly Adapter[]): string {
  return table(
    ['adapter', 'tier', 'owner', 'newest real file', 'reviewed', 'not yet', 'exempt'],
    adapters.map(({ name }) => {
      const { tier, owner, sample = '', reviewed, rules } = qualityOf(join(packageRoot, 'adapters', name));
      const all = Object.values(tiers).flat();
      const open = all.filter((rule) => rules[rule] === 'todo');
      const exempt = all.filter((rule) => typeof rules[rule] === 'object');
      return [`[${name}](../adapters/${name}/)`, tier, owner, sample, reviewed, open.join(', '), exempt.join(', ')];
    }),
  );
}
