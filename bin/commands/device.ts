import { Command } from 'commander';

import { deviceUrn } from '../../core/entity/device.ts';
import type { Outbox } from '../../core/outbox/outbox.ts';
import type { Device } from '../../core/plugin.ts';
import { readProvisioning } from '../../core/provision/file.ts';
import { withField } from '../../core/service/devices-edit.ts';
import { keptMessages, keptOf } from '../../core/service/kept.ts';
import { sightingsKey, type Sighting, type Sightings } from '../../core/service/silence.ts';
import { messagesOf, readingLines, tryMessage } from '../../core/service/try.ts';
import { dryRunLines } from '../../core/source/dry-run.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { provisioningFile } from '../files.ts';
import { addCommand, adoptCommand } from './device-add.ts';
import { readRegistryText, writeRegistry } from './device-file.ts';
import { mustFind, namesOf, openScene, withCommon, withOutbox, type Options } from './device-scene.ts';
import { readBytes } from './entity.ts';
import { printRows } from './table.ts';

export function deviceCommand(): Command {
  const device = new Command('device').description('the device registry');
  withCommon(device.command('list'))
    .description('devices, also provisioned ones, with family, state and when they were last heard')
    .action(async (options: Options) => {
      const scene = await openScene(options);
      const seen = (await withOutbox(scene.config, sightingsOf)) ?? {};
      const registered = scene.registry.devices.map((one) => row(one, seen[one.id]));
      const provisioned = readProvisioning(provisioningFile(scene.config))
        .devices.filter(({ device_id: id }) => scene.registry.find(id) === undefined)
        .map(({ device_id: id, entity_type: type }) => ({
          ...row({ id }, seen[id]),
          family: `provisioned${type === undefined ? '' : ` as ${type}`}`,
        }));
      printRows([...registered, ...provisioned], options.json === true);
    });
  withCommon(device.command('show').argument('<id>', 'id of the device, or one of its other names'))
    .description('one device: its entry, its entities, when it was last heard, what was kept of it')
    .action(show);
  device.addCommand(addCommand());
  device.addCommand(adoptCommand());
  withCommon(device.command('test').argument('<id>', 'id of the device'))
    .description('run its kept messages, or given ones, through decode and map; nothing is published')
    .option('--input <file>', 'payload instead of the kept messages; - is standard input')
    .option('--topic <topic>', 'topic of the payload (default klavze/<id>/up)')
    .action(test);
  withCommon(device.command('retire').argument('<id>', 'id of the device'))
    .description('mark a device as out of service: later messages are refused as retired_device, its entities stay')
    .option('--at <date>', 'since when (default now)')
    .action(retire);
  return device;
}

function sightingsOf(outbox: Outbox): Readonly<Record<string, Sighting>> {
  return (outbox.state.get(sightingsKey) as Sightings | undefined)?.devices ?? {};
}

function row(device: Pick<Device, 'id'> & Partial<Device>, sighting: Sighting | undefined) {
  const { id, family, decoder, name, retiredAt } = device;
  return { id, family, decoder, name: name?.sl ?? name?.en, state: stateOf(retiredAt, sighting), lastSeen: sighting?.last };
}

function stateOf(retiredAt: string | undefined, sighting: Sighting | undefined): string {
  if (retiredAt !== undefined && retiredAt <= new Date().toISOString()) return 'retired';
  if (sighting?.silent === true) return 'silent';
  return sighting?.last === undefined ? 'not heard yet' : 'reporting';
}

async function show(id: string, options: Options): Promise<void> {
  const { config, registry, agents } = await openScene(options);
  const device = mustFind(registry, id);
  const known = await withOutbox(config, (outbox) => ({
    sighting: sightingsOf(outbox)[device.id],
    kept: keptOf(keptMessages(outbox.deadLetters.list(), agents), namesOf(device)),
  }));
  const family = agents.families.get(device.family);
  const shown = {
    ...device,
    state: stateOf(device.retiredAt, known?.sighting),
    lastSeen: known?.sighting?.last,
    entities: [deviceUrn(device), ...(family?.emits ?? []).map((type) => deviceUrn(device).replace(':Device:', `:${type}:`))],
    kept: (known?.kept ?? []).flatMap(({ message, letters }) =>
      letters.map(({ id: letter, rejection: { code }, at }) => ({ letter, code, at, topic: message.topic })),
    ),
  };
  if (options.json === true) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  else
    printRows(
      Object.entries(shown).map(([field, value]) => ({ field, value })),
      false,
    );
}

async function test(id: string, options: Options & { readonly input?: string; readonly topic?: string }): Promise<void> {
  const { config, registry, agents } = await openScene(options);
  const device = mustFind(registry, id);
  const receivedAt = new Date().toISOString();
  const given =
    options.input === undefined
      ? await withOutbox(config, (outbox) =>
          keptOf(keptMessages(outbox.deadLetters.list({ replayed: true }), agents), namesOf(device)).map(({ message }) => message),
        )
      : messagesOf(readBytes(options.input), options.topic ?? `klavze/${device.id}/up`).map((message) => ({ ...message, receivedAt }));
  if (given === undefined || given.length === 0) {
    throw new CommandFailure(exitCodes.dataRefused, `nothing was kept of "${device.id}"; give a payload with --input and its --topic`);
  }
  const attempts = given.map((message) => tryMessage({ ...message, knowledge: agents }));
  for (const attempt of attempts) for (const line of readingLines(attempt, agents)) process.stdout.write(`${line}\n`);
  for (const line of dryRunLines(attempts, attempts.length)) process.stdout.write(`${line}\n`);
  if (attempts.every(({ publications, event }) => publications.length === 0 && event === undefined)) {
    throw new CommandFailure(
      exitCodes.dataRefused,
      `nothing of "${device.id}" could be read: ${attempts[0]?.deadLetters[0]?.rejection.message}`,
    );
  }
}

async function retire(id: string, options: Options & { readonly at?: string }): Promise<void> {
  const { config, knowledge, registry } = await openScene(options);
  const device = mustFind(registry, id);
  const retiredAt = options.at ?? new Date().toISOString();
  writeRegistry(config, knowledge, 'device.retire', withField(readRegistryText(config), config.devices, device.id, 'retiredAt', retiredAt));
  if (options.json === true) process.stdout.write(`${JSON.stringify({ id: device.id, retiredAt })}\n`);
  else process.stdout.write(`"${device.id}" is retired since ${retiredAt}; its entities stay, later messages are kept as retired_device\n`);
}
