/** `npm run new:adapter -- <publisher>-<dataset>`: a new adapter that passes its tests and waits for its source. */
import { join, relative } from 'node:path';

import { packageRoot } from '../core/paths.ts';
import { scaffoldAdapter } from './scaffold.ts';

const name = process.argv[2] ?? '';
const written = scaffoldAdapter(name, join(packageRoot, 'adapters'));
if (typeof written === 'string') {
  console.error(written);
  process.exitCode = 64;
} else {
  for (const file of written) console.log(relative(packageRoot, file));
  console.log(`\nNext: docs/add-an-adapter.md, step 2. Check with: npm test -- test/contract/adapters.test.ts -t ${name}`);
}
