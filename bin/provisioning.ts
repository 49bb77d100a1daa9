import { randomUUID } from 'node:crypto';
import { Router } from 'express';

import { version } from '../core/paths.ts';
import { deviceUrn } from '../core/entity/device.ts';
import type { Entity } from '../core/entity/entity.ts';
import type { Outbox } from '../core/outbox/outbox.ts';
import { createDispatch } from '../core/command/dispatch.ts';
import type { Order } from '../core/command/order.ts';
import type { CommandLedger } from '../core/command/ledger.ts';
import { provisionedCommands, provisionedOrders } from '../core/command/provisioned.ts';
import { registeredCommands, registeredOrders } from '../core/command/registered.ts';
import type { Commanded } from '../core/command/registrar.ts';
import { createCommands } from '../core/command/router.ts';
import type { AgentKnowledge, Passage } from '../core/pipeline.ts';
import type { Device, Envelope, Instant, MqttMessage } from '../core/plugin.ts';
import { readProvisioning, writeProvisioning } from '../core/provision/file.ts';
import { createMeasures } from '../core/provision/measures.ts';
import { createProvisioning } from '../core/provision/router.ts';
import { findProvisioned, knowsKey } from '../core/provision/store.ts';
import type { Audit } from '../core/service/audit.ts';
import type { Config } from '../core/service/config.ts';
import type { Logger } from '../core/service/log.ts';
import type { Metrics } from '../core/service/metrics.ts';
import type { Reach } from '../core/service/reach.ts';
import { provisioningFile } from './files.ts';

export interface RunningProvisioning {
  /** `/iot`: measures over HTTP, and the provisioning API where the configuration allows it. */
  readonly router: Router;
  /** `/`: commands to devices, where the configuration allows them. */
  readonly commands: Router;
  readonly provisioned: NonNullable<AgentKnowledge['provisioned']>;
  /** The entities that take commands now; none where commands are off. */
  readonly commanded: () => readonly Commanded[];
  /** Told of every change of what was provisioned. */
  onChanged(listener: () => void): void;
}

/** What was provisioned as for a FIWARE IoT Agent, kept in the data folder. @throws {ConfigError} when that file is not valid. */
export function startProvisioning(
  config: Config,
  accept: (message: MqttMessage) => Promise<Passage> | undefined,
  publish: (topic: string, payload: Uint8Array) => true | undefined,
  outbox: Outbox,
  clock: () => Instant,
  logger: Logger,
  counted: Metrics['commanded'],
  registry: {
    find(id: string): Device | undefined;
    devices(): readonly Device[];
    tenantOf(device: Device): string | undefined;
    readonly envelopes: readonly Envelope[];
    readonly ledger: CommandLedger;
    readonly reach: Reach;
    readonly audit: Audit;
  },
): RunningProvisioning {
  const file = provisioningFile(config);
  let provisioning = readProvisioning(file);
  const router = Router();
  router.use(createMeasures({ knows: (apikey) => knowsKey(provisioning, apikey), accept, clock }));
  const commands = Router();
  const listeners: (() => void)[] = [];
  let commanded: RunningProvisioning['commanded'] = () => [];
  const { token } = config.provisioning;
  if (token !== undefined || isLoopback(config.http.host)) {
    const keep = (entity: Entity): Promise<void> => {
      const device = registry.devices().find((one) => deviceUrn(one) === entity.id);
      const tenant = device === undefined ? undefined : registry.tenantOf(device);
      const origin = { plugin: 'core/command', from: `command ${entity.id}`, receivedAt: clock(), ...(tenant !== undefined && { tenant }) };
      return outbox.append({ publications: [{ entity, origin }], deadLetters: [] });
    };
    const onSent = ({ reference, name }: Order): void => {
      if (reference !== undefined) registry.ledger.sent(reference, name);
    };
    const dispatch = createDispatch({ clock, publish, keep, accept, logger, reach: registry.reach, onSent, counted });
    // The registry goes before what was provisioned, as it does with measures.
    const registered = registeredOrders({ ...registry, clock, reference: randomUUID });
    if (config.provisioning.commands) {
      commanded = () => [...registeredCommands(registry.devices(), clock()), ...provisionedCommands(provisioning)];
    }
    const finders = config.provisioning.commands ? [registered, provisionedOrders(() => provisioning)] : [];
    const shut = token === undefined ? {} : { token };
    commands.use(createCommands({ ...shut, finders, dispatch, audit: registry.audit, onRefused: () => counted('refused') }));
    router.use(
      createProvisioning({
        ...shut,
        version,
        reach: registry.reach,
        audit: registry.audit,
        current: () => provisioning,
        keep(next) {
          writeProvisioning(file, next);
          provisioning = next;
          for (const listener of listeners) listener();
        },
      }),
    );
  }
  const provisioned: RunningProvisioning['provisioned'] = (uplink, topic) => findProvisioned(provisioning, uplink, topic);
  return { router, commands, provisioned, commanded, onChanged: (listener) => void listeners.push(listener) };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
