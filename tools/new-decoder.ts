/** `npm run new:decoder -- <vendor>-<model> [folder]`: a declared decoder that passes its examples and waits for its data sheet. */
import { join, relative, resolve } from 'node:path';

import { packageRoot } from '../core/paths.ts';
import { scaffoldDecoder } from './scaffold.ts';

const [name = '', folder] = process.argv.slice(2);
const decoders = join(packageRoot, 'agents', 'decoders');
const written = scaffoldDecoder(name, decoders, folder === undefined ? decoders : resolve(folder));
if (typeof written === 'string') {
  console.error(written);
  process.exitCode = 64;
} else {
  for (const file of written) console.log(relative(process.cwd(), file));
  console.log(`\nNext: docs/add-a-device.md. Check with: npx klavze decoder check ${folder === undefined ? name : join(folder, name)}`);
}
