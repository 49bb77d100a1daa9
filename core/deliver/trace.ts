import type { Logger } from 'pino';

import type { Answer } from './answer.ts';
import type { Parcel } from './parcel.ts';

/**
 * At the level `debug`: which messages a request carried, by where and when they came, and its trace id. The broker's log and its tracing know
 * the request by the same id. Costs nothing at other levels.
 */
export function logTrace(logger: Logger, { trace, status }: Answer, parcels: readonly Parcel[]): void {
  if (!logger.isLevelEnabled('debug')) return;
  const messages = parcels.flatMap(({ queued }) =>
    queued.map(({ origin }) => `${origin.from}${origin.row === undefined ? '' : ` row ${origin.row}`} ${origin.receivedAt}`),
  );
  const entities = parcels.map(({ id }) => id);
  logger.debug({ trace, status, messages: [...new Set(messages)], entities }, 'request to the NGSI-LD broker');
}
