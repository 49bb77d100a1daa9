import express, { Router, type RequestHandler } from 'express';

import { checkOwn, idOf } from '../entity/provisioned.ts';
import type { Entity } from '../entity/entity.ts';
import type { Instant } from '../plugin.ts';
import { fail, guard, unreadable } from './router.ts';
import { merged, type ProvisionedDevice, type Provisioning, type Service } from './store.ts';

export interface CommandsOptions {
  readonly token?: string;
  current(): Provisioning;
  clock(): Instant;
  /** Publishes over MQTT; undefined while the process starts. */
  publish(topic: string, payload: Uint8Array): true | undefined;
  /** Keeps a state of the commanded entity on its way to the broker. */
  keep(entity: Entity): Promise<void>;
}

/** A command on its way to a device. */
export interface CommandMessage {
  readonly topic: string;
  readonly payload: string;
}

/**
 * A command as the IoT Agents publish it: `/<apikey>/<deviceId>/cmd` with `{"<name>":<value>}`, for UltraLight `<deviceId>@<name>|<value>`.
 * Undefined when the device or its group has no such command: only what was provisioned is sent.
 */
function commandMessage(device: ProvisionedDevice, group: Service | undefined, name: string, value: unknown): CommandMessage | undefined {
  const apikey = device.apikey ?? group?.apikey;
  const command = [...(device.commands ?? []), ...(group?.commands ?? [])].find((one) => one.name === name);
  if (apikey === undefined || command === undefined) return undefined;
  const word = command.object_id ?? name;
  const isUltralight = group?.resource === '/iot/d' || /ultralight|ul20/i.test(device.protocol ?? group?.protocol ?? '');
  const text = typeof value === 'string' ? value.trim() : JSON.stringify(value);
  const payload = isUltralight ? `${device.device_id}@${word}|${text}` : JSON.stringify({ [word]: value });
  return { topic: `/${apikey}/${device.device_id}/cmd`, payload };
}

/**
 * `PATCH /entities/<id>/attrs/<command>`, as a context broker forwards the change of an attribute to an IoT Agent: the command goes to the
 * device, `<command>_status` of its entity is PENDING until the device answers on `…/cmdexe`. 204, 404 for what was not provisioned.
 */
export function createCommands(options: CommandsOptions): Router {
  const send: RequestHandler = async (request, response) => {
    const { id = '', name = '' } = request.params as Record<string, string>;
    const { services, devices } = options.current();
    const found = devices
      .map((device) => ({ device, group: groupOf(device, services) }))
      .find(({ device, group }) => idOf(merged(device, group)) === id);
    const body = request.body as { readonly value?: unknown } | undefined;
    if (typeof body !== 'object' || body?.value === undefined || body.value === null) {
      fail(response, 400, 'WRONG_SYNTAX', 'expected an attribute such as {"type":"Property","value":"on"}');
      return;
    }
    const message = found === undefined ? undefined : commandMessage(found.device, found.group, name, body.value);
    if (found === undefined || message === undefined) {
      fail(response, 404, 'COMMAND_NOT_FOUND', `no device was provisioned with the entity "${id}" and the command "${name}"`);
      return;
    }
    if (options.publish(message.topic, Buffer.from(message.payload)) === undefined) {
      fail(response, 503, 'STORAGE_UNAVAILABLE', 'nothing can be sent at the moment; try again');
      return;
    }
    const observedAt = options.clock();
    const { entityType } = merged(found.device, found.group);
    const state: Entity = { id, type: entityType, [`${name}_status`]: { type: 'Property', value: 'PENDING', observedAt } };
    for (const entity of checkOwn(state, observedAt).values) await options.keep(entity);
    response.status(204).end();
  };
  const router = Router();
  router.patch(
    '/entities/:id/attrs/:name',
    guard(options.token),
    express.json({ limit: '100kb', type: ['application/json', 'application/ld+json'] }),
    send,
  );
  router.use(unreadable);
  return router;
}

function groupOf({ service, subservice, apikey }: ProvisionedDevice, services: readonly Service[]): Service | undefined {
  return services.find(
    (one) => one.service === service && one.subservice === subservice && (apikey === undefined || one.apikey === apikey),
  );
}
