import type { Logger } from 'pino';

import type { Inbox } from './inbox.ts';

/** Looks into an inbox again and again, one look at a time. `stop` waits for the file under way. */
export function watchInbox(inbox: Inbox, logger: Pick<Logger, 'error'>, everyMs = 2_000): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let fault: string | undefined;
  let looking = look();

  async function look(): Promise<void> {
    try {
      await inbox.scan();
      fault = undefined;
    } catch (error) {
      // A share that is away, or a folder that may not be written: told once, and tried again.
      if (fault !== String(error)) logger.error({ error: String(error) }, 'the inbox cannot be read or written; it is tried again');
      fault = String(error);
    }
    if (isStopped) return;
    timer = setTimeout(() => (looking = look()), everyMs);
  }
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
