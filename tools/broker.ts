/**
 * `npm run test:broker -- --url URL [--receiver http://HOST:PORT] [--json]`: whether a broker does what Klavže needs. Its own entities
 * only, which it removes. A token comes from KLAVZE_BROKER_TOKEN. What a broker may do in another way is told, not failed.
 * Exit code 0 when it fits, 1 when not, 64 usage, 69 when nobody answers.
 */
import { parseArgs } from 'node:util';

import { tryBroker } from './broker/contract.ts';

const { values } = parseArgs({
  options: { url: { type: 'string' }, receiver: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const { url, receiver, json } = values;
const addresses = [url, receiver].filter((address) => address !== undefined);

if (url === undefined || !addresses.every(isHttp)) {
  console.error('usage: npm run test:broker -- --url http://HOST:PORT [--receiver http://HOST:PORT] [--json]');
  process.exitCode = 64;
} else if (!(await answers(url))) {
  console.error(`${url}: nobody answers; is the broker running, and is this its address?`);
  process.exitCode = 69;
} else {
  const token = process.env['KLAVZE_BROKER_TOKEN'];
  const outcomes = await tryBroker({ url, ...(token !== undefined && { token }), ...(receiver !== undefined && { receiver }) });
  if (json) console.log(JSON.stringify(outcomes, null, 2));
  else
    for (const { name, result, detail } of outcomes)
      console.log(`${result.padEnd(8)} ${name}${detail === undefined ? '' : `\n         ${detail}`}`);
  const failed = outcomes.filter(({ result }) => result === 'failed').length;
  if (!json) console.log(failed === 0 ? `\n${url} fits` : `\n${url} does not fit: ${failed} of ${outcomes.length} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function isHttp(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

async function answers(address: string): Promise<boolean> {
  try {
    await fetch(`${address.replace(/\/+$/, '')}/ngsi-ld/v1/types`, { signal: AbortSignal.timeout(10_000) });
    return true;
  } catch {
    return false;
  }
}
