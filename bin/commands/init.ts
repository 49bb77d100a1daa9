import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';

import { ConfigError } from '../../core/errors.ts';
import { addMqttUser, makeSecrets } from '../stack/secrets.ts';
import { CommandFailure, exitCodes } from '../exit.ts';

interface Options {
  readonly dir: string;
  readonly host: string;
  readonly cert?: string;
  readonly key?: string;
  readonly device?: string;
  readonly renew?: boolean;
}

/** `klavze init`: what `docker-compose.fiware.yml` needs before its first start. */
export function initCommand(): Command {
  return new Command('init')
    .description('make .env, passwords and certificates of the production stack; keeps what exists')
    .option('--dir <folder>', 'folder of docker-compose.fiware.yml', '.')
    .option('--host <name>', 'name or address under which sensors and browsers reach this machine', 'localhost')
    .option('--cert <file>', 'your own certificate with its chain (PEM), instead of one that is made')
    .option('--key <file>', 'its key (PEM)')
    .option('--renew', 'a new certificate for the same name, of the same authority; or the one of --cert and --key')
    .option('--device <id>', 'new MQTT password for this device (or for the user lorawan), printed once')
    .action((options: Options) => {
      const dir = resolve(options.dir);
      if (!existsSync(join(dir, 'docker-compose.fiware.yml')))
        throw new ConfigError(`${dir} holds no docker-compose.fiware.yml; run klavze init in its folder, or name it with --dir`);
      process.stdout.write(options.device === undefined ? prepare(dir, options) : credentials(dir, options.device));
    });
}

function prepare(dir: string, { host, cert, key, renew }: Options): string {
  if ((cert === undefined) !== (key === undefined))
    throw new CommandFailure(exitCodes.usage, '--cert and --key belong together: give both or none');
  if (!/^[A-Za-z0-9.:-]{1,253}$/.test(host)) throw new CommandFailure(exitCodes.usage, `--host "${host}" is no host name and no address`);
  const given = cert === undefined || key === undefined ? undefined : { cert, key };
  const made = makeSecrets(join(dir, 'deploy', 'secrets'), { host, renew: renew === true, ...(given !== undefined && { given }) });
  const lines = made.map((name) => `made   deploy/secrets/${name}`);
  const copies = [
    ['.env.example', '.env'],
    ['devices.example.yaml', join('deploy', 'klavze', 'devices.yaml')],
  ] as const;
  for (const [from, to] of copies) {
    if (existsSync(join(dir, to))) continue;
    // 0600 for .env: an operator may add secrets to it.
    writeFileSync(join(dir, to), readFileSync(join(dir, from)), { mode: to === '.env' ? 0o600 : 0o644 });
    lines.push(`made   ${to}`);
  }
  if (renew === true)
    return [
      ...lines,
      'Mosquitto and the edge read it after: docker compose -f docker-compose.fiware.yml kill -s HUP mosquitto edge',
      'Without Docker: docs/operate.md#certificates\n',
    ].join('\n');
  if (lines.length === 0) lines.push('everything was there; nothing was changed');
  return `${[
    ...lines,
    'next   with Docker: keep an entry for each of your sensors in deploy/klavze/devices.yaml, then: klavze init --device <id>',
    '       docker compose -f docker-compose.fiware.yml up -d --build',
    '       without Docker: go on in docs/operate.md#without-docker',
  ].join('\n')}\n`;
}

function credentials(dir: string, device: string): string {
  const password = addMqttUser(join(dir, 'deploy', 'secrets'), device);
  return [
    `user      ${device}`,
    `password  ${password}`,
    'Mosquitto reads it after: docker compose -f docker-compose.fiware.yml kill -s HUP mosquitto',
    'Without Docker: docs/operate.md#passwords-of-sensors\n',
  ].join('\n');
}
