import { Command, Option } from 'commander';

import { RetryableError } from '../../core/errors.ts';
import { loadConfig, roles, type Role } from '../../core/service/config.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';
import { version } from '../../core/paths.ts';
import { keepWatched } from '../watchdog.ts';

export function upCommand(): Command {
  return new Command('up')
    .description('run agents, adapters, delivery and, where no others are configured, the embedded brokers')
    .option('--config <file>', 'configuration file (default klavze.yaml)')
    .addOption(new Option('--role <role...>', 'do this part only, beside other processes with data folders of their own').choices(roles))
    .action(async (options: { config?: string; role?: Role[] }) => {
      const { role, ...file } = options;
      const config = { ...loadConfig(process.env, process.cwd(), file.config), ...(role !== undefined && { roles: role }) };
      const log = createLogger(config.logLevel);
      const { startUp } = await import('../up.ts');
      const running = await startUp(config, await loadKnowledge(config), log);
      const { broker, mqtt, http, gateway } = running.urls;
      log.info({ version, broker, mqtt, http, gateway, dataDir: config.dataDir }, 'klavze is ready');
      process.stdout.write(
        `klavze ${version} is ready\n  broker  ${broker}/ngsi-ld/v1\n${mqtt === '' ? '' : `  mqtt    ${mqtt}\n`}${gateway === undefined ? '' : `  gateway ${gateway}/ngsi-ld/v1\n`}  health  ${http}/health/ready\n`,
      );
      const unwatch = keepWatched(process.env, log);
      await Promise.race([signalled(), lostOf(running.lost)]);
      unwatch();
      log.info('klavze stops');
      await running.stop();
      // A part that could not end must not keep the process.
      setTimeout(() => process.exit(), 2_000).unref();
      if (running.lost?.aborted === true)
        throw new RetryableError('another process has taken over the shard; start this one again to stand by');
    });
}

/** Resolves when this process may not go on. */
function lostOf(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve());
  });
}

/** Resolves at Ctrl-C or SIGTERM. A second one ends the process at once. */
export function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve();
      });
    }
  });
}
