import express, { Router, type RequestHandler, type Response } from 'express';

import { isObject } from '../decode/payload.ts';
import { fail, guard, requestActor, unreadable } from '../provision/router.ts';
import type { Audit } from '../service/audit.ts';
import type { Dispatch } from './dispatch.ts';
import { isRefusal, type CommandRefusal, type OrderFinder } from './order.ts';

export interface CommandsOptions {
  readonly token?: string;
  /** Asked one after the other. Without any, commands are off. */
  readonly finders: readonly OrderFinder[];
  readonly dispatch: Dispatch;
  /** Told of what was sent and of what was refused. */
  readonly audit: Audit;
  /** A command was refused. */
  onRefused?(): void;
}

/** One change of an attribute of one entity. */
interface Change {
  readonly entityId: string;
  readonly name: string;
  readonly value: unknown;
}

/** Which of them changed cannot be told, and what did not change must not be sent again. */
const severalCommands =
  'the notification holds several commands of the entity; subscribe to each on its own, with it alone in watchedAttributes and notification.attributes';

const off: CommandRefusal = {
  status: 403,
  name: 'COMMANDS_OFF',
  message: 'commands are off; provisioning.commands: true (KLAVZE_PROVISIONING_COMMANDS=true) switches them on',
};

/**
 * Changes of attributes that are commands, as they come from a person, from a context broker that forwards to an IoT Agent, or as the
 * notification of a subscription:
 *
 * - `PATCH /ngsi-ld/v1/entities/<id>/attrs/<command>`, `PATCH …/<id>/attrs` and `PATCH …/<id>`: 204
 * - `POST /v2/op/update` (NGSI v2): 204
 * - `POST /commands/notify`: 200, with what was sent and what was not; attributes that are no commands are passed over
 *
 * Nothing but what was provisioned or stands in the registry's allow-list is sent: 404, 422. 403 where commands are off.
 */
export function createCommands(options: CommandsOptions): Router {
  const find = ({ entityId, name, value }: Change) => {
    if (options.finders.length === 0) return off;
    for (const finder of options.finders) {
      const found = finder(entityId, name, value);
      if (found !== undefined) return found;
    }
    const message = `no device was provisioned or registered with the entity "${entityId}" and the command "${name}"`;
    return { status: 404, name: 'COMMAND_NOT_FOUND', message } satisfies CommandRefusal;
  };

  function told(action: 'command.send' | 'command.refused', changes: readonly Change[], { req: request }: Response): void {
    const [first] = changes;
    if (first === undefined) return;
    const detail = { commands: changes.map(({ name }) => name).join(','), value: JSON.stringify(first.value).slice(0, 100) };
    options.audit({ action, actor: requestActor(request), of: changes.map(({ entityId }) => entityId), detail });
  }

  /** All of them or none: a change that is refused is found before the first command leaves. */
  async function send(changes: readonly Change[], response: Response): Promise<void> {
    const found = changes.map(find);
    const refusal = found.find(isRefusal);
    if (changes.length === 0) return fail(response, 400, 'WRONG_SYNTAX', 'expected an attribute such as {"type":"Property","value":"on"}');
    if (refusal !== undefined) {
      options.onRefused?.();
      told('command.refused', changes, response);
      fail(response, refusal.status, refusal.name, refusal.message);
    } else {
      for (const order of found) {
        if (!isRefusal(order) && !(await options.dispatch(order))) {
          fail(response.set('Retry-After', '5'), 503, 'STORAGE_UNAVAILABLE', 'nothing can be sent at the moment; try again');
          return;
        }
      }
      told('command.send', changes, response);
      response.status(204).end();
    }
  }

  const one: RequestHandler = async (request, response) => {
    const { id = '', name = '' } = request.params as Record<string, string>;
    await send(changesOf(id, { [name]: request.body as unknown }), response);
  };
  const many: RequestHandler = async (request, response) => {
    await send(changesOf(String(request.params['id']), request.body), response);
  };
  const update: RequestHandler = async (request, response) => {
    const body = request.body as unknown;
    const entities = isObject(body) && Array.isArray(body['entities']) ? (body['entities'] as unknown[]) : [];
    await send(entities.flatMap(changesIn), response);
  };
  const notify: RequestHandler = async (request, response) => {
    const body = request.body as unknown;
    if (options.finders.length === 0) return fail(response, off.status, off.name, off.message);
    if (!isObject(body) || !Array.isArray(body['data']))
      return fail(response, 400, 'WRONG_SYNTAX', 'expected a notification with a list "data"');
    const sent: string[] = [];
    const refused: { readonly entity: string; readonly command: string; readonly message: string }[] = [];
    // A notification may hold the whole entity: names that are no commands are none of ours.
    const commands = (body['data'] as unknown[]).flatMap(changesIn).flatMap((change) => {
      const found = find(change);
      return isRefusal(found) && found.status === 404 ? [] : [{ change, found }];
    });
    for (const { change, found } of commands) {
      const isAlone = commands.filter((one) => one.change.entityId === change.entityId).length === 1;
      const message = !isAlone
        ? severalCommands
        : isRefusal(found)
          ? found.message
          : (await options.dispatch(found))
            ? undefined
            : 'nothing can be sent at the moment';
      told(message === undefined ? 'command.send' : 'command.refused', [change], response);
      if (message === undefined) sent.push(`${change.entityId} ${change.name}`);
      else {
        options.onRefused?.();
        refused.push({ entity: change.entityId, command: change.name, message });
      }
    }
    response.json({ sent, refused });
  };

  const router = Router();
  const json = express.json({ limit: '1mb', type: ['application/json', 'application/ld+json', 'application/merge-patch+json'] });
  const guarded = guard(options.token);
  router.patch('/ngsi-ld/v1/entities/:id/attrs/:name', guarded, json, one);
  router.patch('/ngsi-ld/v1/entities/:id/attrs', guarded, json, many);
  router.patch('/ngsi-ld/v1/entities/:id', guarded, json, many);
  router.post('/v2/op/update', guarded, json, update);
  router.post('/commands/notify', guarded, json, notify);
  router.use(unreadable);
  return router;
}

function changesIn(entity: unknown): Change[] {
  return isObject(entity) && typeof entity['id'] === 'string' ? changesOf(entity['id'], entity) : [];
}

/** The attributes of a body, normalized or simplified; members of the entity itself and what holds no value are left out. */
function changesOf(entityId: string, body: unknown): Change[] {
  if (!isObject(body)) return [];
  return Object.entries(body).flatMap(([key, attribute]): Change[] => {
    if (['id', 'type', '@context'].includes(key)) return [];
    const value = isObject(attribute) && 'value' in attribute ? attribute['value'] : isObject(attribute) ? undefined : attribute;
    return value === undefined || value === null ? [] : [{ entityId, name: shortName(key), value }];
  });
}

/** Brokers forward names that no context explains as IRIs. */
function shortName(name: string): string {
  return /^[a-z]+:\/\//i.test(name) ? (name.split(/[/#]/).at(-1) ?? name) : name;
}
