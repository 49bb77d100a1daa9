import { join } from 'node:path';

import type { Outbox } from '../core/outbox/outbox.ts';
import type { Config } from '../core/service/config.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import type { Logger } from '../core/service/log.ts';
import { createInbox, type Inbox } from '../core/source/inbox.ts';
import type { MemoryChoice, Records } from '../core/source/recorded.ts';
import { clock } from './adapters.ts';

/** The inbox as the configuration names it, for all adapters that are not switched off. */
export function openInbox(
  config: Config,
  knowledge: LoadedKnowledge,
  outbox: Pick<Outbox, 'append'>,
  records: Records,
  logger: Logger,
  choice: MemoryChoice = {},
): Inbox {
  const enabled = [...knowledge.adapters].filter(([name]) => config.adapters[name]?.enabled !== false);
  return createInbox({
    folder: config.inboxDir ?? join(config.dataDir, 'inbox'),
    adapters: new Map(enabled),
    knowledge,
    sink: outbox,
    records,
    clock,
    logger,
    stations: ({ name }) => config.adapters[name]?.stations ?? 'all',
    choice,
  });
}
