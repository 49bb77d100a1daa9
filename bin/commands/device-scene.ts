import { existsSync } from 'node:fs';
import type { Command } from 'commander';

import type { Outbox } from '../../core/outbox/outbox.ts';
import type { AgentKnowledge } from '../../core/pipeline.ts';
import type { Device } from '../../core/plugin.ts';
import { loadConfig, type Config } from '../../core/service/config.ts';
import type { DeviceRegistry } from '../../core/service/devices.ts';
import { loadKnowledge, type LoadedKnowledge } from '../../core/service/knowledge.ts';
import { createLogger } from '../../core/service/log.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { outboxFile, readAgents, readDevices } from '../files.ts';
import { openOutboxBeside } from '../outbox.ts';

export interface Options {
  readonly config?: string;
  readonly json?: boolean;
}

/** What a command on devices works with. */
export interface Scene {
  readonly config: Config;
  readonly knowledge: LoadedKnowledge;
  readonly registry: DeviceRegistry;
  readonly agents: AgentKnowledge;
}

export function withCommon(command: Command): Command {
  return command.option('--json', 'print JSON').option('--config <file>', 'configuration file (default klavze.yaml)');
}

export async function openScene({ config: path }: Options): Promise<Scene> {
  const config = loadConfig(process.env, process.cwd(), path);
  const knowledge = await loadKnowledge(config);
  const registry = readDevices(config, knowledge);
  return { config, knowledge, registry, agents: readAgents(config, knowledge) };
}

/** Reads from the outbox beside a running `klavze up`; undefined where there is none yet. */
export function withOutbox<T>(config: Config, use: (outbox: Outbox) => T): Promise<T> | undefined {
  if (config.outbox.url === undefined && !existsSync(outboxFile(config))) return undefined;
  return openOutboxBeside(config, createLogger('error'), true).then(async (outbox) => {
    try {
      return use(outbox as Outbox);
    } finally {
      await outbox?.close();
    }
  });
}

export function mustFind(registry: DeviceRegistry, id: string): Device {
  const device = registry.find(id);
  if (device === undefined) throw new CommandFailure(exitCodes.dataRefused, `there is no device "${id}"; klavze device list shows all`);
  return device;
}

export function namesOf({ id, alsoKnownAs = [] }: Device): string[] {
  return [id, ...alsoKnownAs];
}
