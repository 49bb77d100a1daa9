import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe } from '@jest/globals';

import { shared } from '../../tools/shared.ts';

export { shared };

export const officialFolder = join(shared, 'smart-data-models');

/** `describe` where the official files are at hand; elsewhere the title says why it is skipped. */
export function describeWithOfficial(title: string, body: () => void): void {
  if (existsSync(officialFolder)) describe(title, body);
  else describe.skip(`${title} (skipped: no official model files at KLAVZE_SHARED or ../shared)`, body);
}
