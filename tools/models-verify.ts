/** `npm run models:verify`: exit code 1 when an entity of an example or shared sample differs from the official models. */
import { verify } from './models-verification.ts';
import { shared } from './shared.ts';

const { withOfficial, faults, counts, notes } = await verify(shared, new Date().toISOString());

for (const note of notes) console.log(note);
for (const [type, count] of [...counts].sort()) console.log(`${type}: ${count} entities`);
for (const { entity, pointer, message } of faults) console.error(`${entity} ${pointer || '/'}: ${message}`);
if (!withOfficial) console.log(`the official model files are not at ${shared} (KLAVZE_SHARED): only our own descriptors were checked`);
console.log(faults.length === 0 ? 'no fault' : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
