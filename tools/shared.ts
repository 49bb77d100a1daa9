import { join, resolve } from 'node:path';

import { packageRoot } from '../core/paths.ts';

/** Real samples and official model files, which do not come with the repository: `KLAVZE_SHARED`, else beside the checkout. */
export const shared = resolve(process.env['KLAVZE_SHARED'] ?? join(packageRoot, '..', 'shared'));
