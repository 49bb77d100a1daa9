import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { describe } from '@jest/globals';

import { packageRoot } from '../../core/paths.ts';

/** Real samples and official model files, which do not come with the repository: `KLAVZE_SHARED`, else beside the checkout. */
export const shared = resolve(process.env['KLAVZE_SHARED'] ?? join(packageRoot, '..', 'shared'));

export const officialFolder = join(shared, 'smart-data-models');

/** `describe` where the official files are at hand; elsewhere the title says why it is skipped. */
export function describeWithOfficial(title: string, body: () => void): void {
  if (existsSync(officialFolder)) describe(title, body);
  else describe.skip(`${title} (skipped: no official model files at KLAVZE_SHARED or ../shared)`, body);
}
