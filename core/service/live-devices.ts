import { unwatchFile, watchFile } from 'node:fs';

import { ConfigError } from '../errors.ts';
import type { DeviceRegistry } from './devices.ts';
import type { Logger } from './log.ts';

type Reloaded = (result: 'taken' | 'refused', registry: DeviceRegistry) => void;

export interface LiveOptions {
  readonly file: string;
  /** The text of the file, undefined where it is missing. @throws {ConfigError} when it cannot be read. */
  read(): string | undefined;
  /** @throws {ConfigError} listing every fault. */
  load(text: string): DeviceRegistry;
  readonly logger: Logger;
  /** How often the file is looked at; default every second. */
  readonly everyMs?: number;
}

/** A registry that follows its file. */
export interface LiveDevices {
  /** The last version that was valid. */
  readonly registry: DeviceRegistry;
  /** Looks at the file now. What it says is taken whole or not at all; messages under way keep the version with which they began. */
  reload(): void;
  /** Calls `listener` after each version that is taken or refused. */
  onReload(listener: Reloaded): void;
  close(): void;
}

/**
 * Follows the registry's file by looking at it, which also sees files that an editor replaces or a container mounts. A version that is not
 * valid is refused, each of its faults logged once, and the old one stays; so it does when the file is gone.
 * @throws {ConfigError} when the first version is not valid.
 */
export function followDevices(options: LiveOptions): LiveDevices {
  const { file, logger, everyMs = 1_000 } = options;
  let seen = options.read();
  let registry = options.load(seen ?? '');
  const listeners: Reloaded[] = [];

  function reload(): void {
    try {
      const text = options.read();
      if (text === seen) return;
      seen = text;
      if (text === undefined) {
        logger.warn({ file }, 'the device registry is gone; its last version stays in use');
        return;
      }
      registry = options.load(text);
      logger.info({ file, devices: registry.size }, 'the device registry was read anew');
      for (const listener of listeners) listener('taken', registry);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const faults = error.faults.length === 0 ? [error.message] : error.faults;
      for (const fault of faults) logger.error({ file }, fault);
      logger.error({ file, faults: faults.length }, 'the device registry is not valid; its last version stays in use');
      for (const listener of listeners) listener('refused', registry);
    }
  }

  watchFile(file, { interval: everyMs, persistent: false }, reload);
  return {
    get registry() {
      return registry;
    },
    reload,
    onReload: (listener) => void listeners.push(listener),
    close: () => unwatchFile(file, reload),
  };
}
