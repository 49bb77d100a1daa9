import { Command, InvalidArgumentError } from 'commander';

import { replay } from '../../core/outbox/replay.ts';
import type { AgentKnowledge } from '../../core/pipeline.ts';
import type { Device } from '../../core/plugin.ts';
import type { Config } from '../../core/service/config.ts';
import { withDevice, type DeviceEntry } from '../../core/service/devices-edit.ts';
import { firstMessage } from '../../core/service/first-message.ts';
import { idsOf, keptMessages, keptOf, propose, type KeptMessage } from '../../core/service/kept.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { openScene, withCommon, withOutbox, type Scene } from './device-scene.ts';
import { readRegistryText, writeRegistry } from './device-file.ts';
import { printRows } from './table.ts';

interface EntryOptions {
  readonly family?: string;
  readonly decoder?: string;
  readonly location?: readonly [number, number];
  readonly alsoKnownAs?: readonly string[];
  readonly name?: string;
  readonly nameEn?: string;
  readonly owner?: string;
  readonly locality?: string;
  readonly datum?: number;
  readonly height?: number;
  readonly period?: number;
  readonly totalSpots?: number;
  readonly expectedInterval?: string;
  readonly installedAt?: string;
  readonly access?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function addCommand(): Command {
  return withEntry(new Command('add').argument('<id>', 'its id; never changes'))
    .description('write a device into the registry and print the line that publishes its first message')
    .action(async (id: string, options: EntryOptions) => {
      const scene = await openScene(options);
      const { family, location } = options;
      if (family === undefined)
        throw new CommandFailure(exitCodes.usage, `--family is missing; one of ${[...scene.agents.families.keys()].join(', ')}`);
      const device = register(scene, 'device.add', id, family, location, options);
      tell(scene.config, device, scene, options.json === true);
    });
}

export function adoptCommand(): Command {
  return withEntry(new Command('adopt').argument('[id]', 'id under which it sends; without one, all unknown devices are listed'))
    .description('register a device that already sends, and replay what was kept of it')
    .option('--as <id>', 'id to register it under; the one it sends with becomes alsoKnownAs')
    .action(adopt);
}

function withEntry(command: Command): Command {
  return withCommon(command)
    .option('--family <name>', 'what its readings mean, as klavze agent list names it')
    .option('--location <longitude,latitude>', 'where it stands, WGS84', coordinates)
    .option('--decoder <name>', 'how its payload is read')
    .option('--also-known-as <ids...>', 'DevEUI and other names')
    .option('--name <text>', 'Slovenian name')
    .option('--name-en <text>', 'English name')
    .option('--owner <text>', 'who provides the data')
    .option('--locality <text>', 'settlement')
    .option('--datum <m>', 'river level: height above gauge zero', number)
    .option('--height <m>', 'height above ground', number)
    .option('--period <s>', 'noise, traffic: seconds of each count', number)
    .option('--total-spots <n>', 'parking: places of the car park', number)
    .option('--expected-interval <s|PT15M>', 'time between two messages')
    .option('--installed-at <date>', 'since when it stands there')
    .option('--access <level>', 'open, partner or internal');
}

function register(
  scene: Scene,
  action: 'device.add' | 'device.adopt',
  id: string,
  family: string,
  location: readonly [number, number] | undefined,
  options: EntryOptions,
): Device {
  const { config, knowledge, registry } = scene;
  if (registry.find(id) !== undefined) throw new CommandFailure(exitCodes.dataRefused, `"${id}" is in the registry already`);
  if (location === undefined)
    throw new CommandFailure(exitCodes.usage, '--location is missing; expected longitude,latitude such as 14.03,46.00');
  const { decoder, alsoKnownAs, owner, locality, name, nameEn, datum, height, period, totalSpots, installedAt, expectedInterval, access } =
    options;
  const names = { ...(name === undefined ? {} : { sl: name }), ...(nameEn === undefined ? {} : { en: nameEn }) };
  const interval = expectedInterval !== undefined && /^\d+$/.test(expectedInterval) ? Number(expectedInterval) : expectedInterval;
  const all = {
    id,
    alsoKnownAs,
    family,
    decoder,
    location: [...location],
    name: Object.keys(names).length === 0 ? undefined : names,
    owner,
    addressLocality: locality,
    datum,
    height,
    period,
    totalSpots,
    installedAt,
    expectedInterval: interval,
    access,
  };
  const entry = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as DeviceEntry;
  const text = withDevice(readRegistryText(config), config.devices, entry);
  return writeRegistry(config, knowledge, action, text).find(id) as Device;
}

/** The line to try, with the broker of the configuration. */
function tell(config: Config, device: Device, { agents }: Scene, asJson: boolean): void {
  const message = firstMessage(device, agents, new Date().toISOString());
  const line = message === undefined ? undefined : publishLine(config, device.id, message.topic, message.payload);
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ id: device.id, registry: config.devices, publish: line })}\n`);
    return;
  }
  process.stdout.write(`"${device.id}" is in ${config.devices}; a running klavze up takes it within a second\n`);
  process.stdout.write(
    line === undefined
      ? 'Its messages come from its network; klavze device test --input FILE --topic TOPIC tries one.\n'
      : `Publish a first message:\n\n  ${line}\n`,
  );
  if (line?.includes(devicePassword) === true)
    process.stdout.write(
      `\nMQTT_PASSWORD is that of the device; klavze init --device ${device.id} makes one for the Mosquitto of deploy/.\n`,
    );
}

const devicePassword = '"$MQTT_PASSWORD"';

/** At a broker elsewhere as the device itself: Klavže's own name may not write its topics (deploy/mosquitto/acl), and 3.1.1 does not say so. */
export function publishLine({ mqtt }: Config, id: string, topic: string, payload: string): string {
  const url = mqtt.url === undefined ? undefined : new URL(mqtt.url);
  const secure = url !== undefined && /^(mqtts|wss):$/.test(url.protocol);
  const host = url?.hostname ?? mqtt.host;
  const port = (url?.port ?? String(mqtt.port)) || (secure ? '8883' : '1883');
  const own = url === undefined ? ` -u ${mqtt.username} -P "$KLAVZE_MQTT_PASSWORD"` : ` -u ${id} -P ${devicePassword}`;
  const user = mqtt.username === undefined ? '' : own;
  return `mosquitto_pub -h ${host} -p ${port}${secure ? ` --cafile ${process.env['NODE_EXTRA_CA_CERTS'] ?? 'ca.crt'}` : ''}${user} -q 1 -t ${topic} -m '${payload}'`;
}

async function adopt(id: string | undefined, options: EntryOptions & { readonly as?: string }): Promise<void> {
  const scene = await openScene(options);
  const { agents, config, knowledge } = scene;
  const unknown = (await withOutbox(config, (outbox) => keptMessages(outbox.deadLetters.list({ code: 'unknown_device' }), agents))) ?? [];
  const strangers = unknown.filter(({ uplinks }) => uplinks.some((uplink) => scene.registry.device(uplink) === undefined));
  if (id === undefined) {
    printRows(listed(strangers, scene), options.json === true);
    return;
  }
  const kept = keptOf(strangers, [id]);
  const sender = kept
    .flatMap(({ uplinks }) => uplinks)
    .find((uplink) => idsOf(uplink).some((one) => one.toLowerCase() === id.toLowerCase()));
  if (sender === undefined)
    throw new CommandFailure(exitCodes.dataRefused, `no unknown device "${id}" has sent anything; klavze device adopt lists them`);

  const proposals = propose(kept, options.family === undefined ? agents : only(agents, options.family), options.decoder);
  const { family = proposals[0]?.family, decoder = proposals[0]?.decoder } = options;
  if (family === undefined) {
    throw new CommandFailure(
      exitCodes.dataRefused,
      `no family makes an entity of what "${id}" sent; see klavze device adopt --json, and give --family and --decoder`,
    );
  }
  const ownId = options.as ?? id;
  const others = [...new Set([...(options.alsoKnownAs ?? []), ...idsOf(sender)])].filter(
    (one) => one.toLowerCase() !== ownId.toLowerCase(),
  );
  const device = register(scene, 'device.adopt', ownId, family, options.location, {
    ...options,
    ...(decoder === undefined ? {} : { decoder }),
    ...(others.length === 0 ? {} : { alsoKnownAs: others }),
  });
  const { registry } = await openScene(options);
  const { publishOnce } = await import('../publish-once.ts');
  const report = await publishOnce(config, knowledge, (outbox) =>
    replay(
      kept.flatMap(({ letters }) => letters),
      {
        outbox,
        agents: { ...agents, device: (uplink) => registry.device(uplink) },
        adapters: knowledge.adapters,
        clock: () => new Date().toISOString(),
      },
    ),
  );
  process.stdout.write(`${JSON.stringify({ id: device.id, family, ...(decoder === undefined ? {} : { decoder }), ...report })}\n`);
}

/** Each stranger once, with what it may be. */
function listed(strangers: readonly KeptMessage[], { agents }: Scene) {
  const ids = new Map(
    strangers
      .flatMap(({ uplinks }) => uplinks)
      .filter((uplink) => agents.device(uplink) === undefined)
      .map((uplink) => [uplink.deviceId, uplink]),
  );
  return [...ids].map(([id, uplink]) => {
    const own = keptOf(strangers, [id]);
    const [best] = propose(own, agents);
    const last = own.at(-1);
    return {
      id,
      alsoKnownAs: uplink.alsoKnownAs?.join(' '),
      messages: own.length,
      last: last?.message.receivedAt,
      topic: last?.message.topic,
      family: best?.family,
      decoder: best?.decoder,
    };
  });
}

function only(agents: AgentKnowledge, family: string): AgentKnowledge {
  return { ...agents, families: new Map([...agents.families].filter(([name]) => name === family)) };
}

function coordinates(text: string): readonly [number, number] {
  const parts = text.split(',').map((part) => number(part.trim()));
  if (parts.length !== 2) throw new InvalidArgumentError('longitude,latitude is expected, for example 14.03,46.00.');
  return parts as [number, number];
}

function number(text: string): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('a number is expected.');
  return Number(text);
}
