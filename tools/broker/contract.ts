import { batches } from './batches.ts';
import { tryChecks, type Outcome } from './check.ts';
import { otherChecks } from './others.ts';
import { startReceiver } from './receiver.ts';
import { openRoom } from './room.ts';
import { valueChecks } from './values.ts';

export interface ContractOptions {
  /** Base URL of the broker; `/ngsi-ld/v1/…` is added. */
  readonly url: string;
  readonly token?: string;
  /** Where the broker reaches this machine. Left out: a free port, where the broker is on this machine. */
  readonly receiver?: string;
}

/**
 * Tries everything that Klavže needs of an NGSI-LD broker, with entities of its own, and removes them.
 *
 * @throws {ConfigError} when the receiver cannot listen.
 */
export async function tryBroker({ url, token, receiver: address }: ContractOptions): Promise<Outcome[]> {
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
  const receiver = address !== undefined || isHere ? await startReceiver(address) : undefined;
  const room = openRoom({ url, ...(token !== undefined && { token }), ...(receiver !== undefined && { receiver }) });
  try {
    return await tryChecks([...batches, ...valueChecks, ...otherChecks], room);
  } finally {
    await room.close();
    await receiver?.close();
  }
}
