import type { Config } from '../core/service/config.ts';
import { loadDevices } from '../core/service/devices.ts';
import type { LoadedKnowledge } from '../core/service/knowledge.ts';
import { followDevices, type LiveDevices } from '../core/service/live-devices.ts';
import type { Logger } from '../core/service/log.ts';
import { registryText } from './files.ts';

type Closers = (() => void | Promise<void>)[];

/** By what a process closes at its end. */
const followed = new WeakMap<Closers, LiveDevices>();

/** The device registry as it is followed while `klavze up` runs: once, whoever asks. @throws {ConfigError} for a faulty registry. */
export function liveRegistry(config: Config, { agents }: Pick<LoadedKnowledge, 'agents'>, logger: Logger, closers: Closers): LiveDevices {
  const known = followed.get(closers);
  if (known !== undefined) return known;
  const file = config.devices;
  const live = followDevices({ file, logger, read: () => registryText(file), load: (text) => loadDevices(text, file, agents) });
  followed.set(closers, live);
  closers.push(() => live.close());
  return live;
}
