import { deviceUrn } from '../entity/device.ts';
import type { Device, DeviceCommand, Downlink, DownMessage, Envelope, Instant } from '../plugin.ts';
import type { CommandLedger } from './ledger.ts';
import type { CommandRefusal, Order, OrderFinder } from './order.ts';
import { allowedValue, written } from './payload.ts';
import type { Commanded } from './registrar.ts';

export interface RegisteredOptions {
  /** The device of this id, by the newest version of the registry. */
  find(id: string): Device | undefined;
  readonly envelopes: readonly Envelope[];
  readonly ledger: CommandLedger;
  clock(): Instant;
  /** A new UUID. */
  reference(): string;
}

/**
 * Commands to devices of the registry: of their `commands` only, with the values that stand there, over the network on which the device was
 * last heard or on the command's own `topic`. Refuses 404 `COMMAND_NOT_FOUND`, 409 `DEVICE_RETIRED` and `NO_WAY_DOWN`, 422 `VALUE_NOT_ALLOWED`.
 */
export function registeredOrders(options: RegisteredOptions): OrderFinder {
  const envelopes = new Map(options.envelopes.map((envelope) => [envelope.name, envelope]));
  return (entityId, name, given) => {
    const device = options.find(entityId.replace(/^urn:ngsi-ld:Device:/, ''));
    if (device === undefined || deviceUrn(device) !== entityId) return undefined;
    const command = device.commands?.find((one) => one.name === name);
    if (command === undefined) {
      const names = device.commands?.map((one) => one.name).join(', ') ?? 'none';
      const message = `the registry allows no command "${name}" for "${device.id}"; it allows ${names}`;
      return refusal(404, 'COMMAND_NOT_FOUND', message);
    }
    if (device.retiredAt !== undefined && device.retiredAt <= options.clock()) {
      return refusal(409, 'DEVICE_RETIRED', `"${device.id}" was retired on ${device.retiredAt}`);
    }
    const value = allowedValue(command, given);
    if (!value.ok) return refusal(422, 'VALUE_NOT_ALLOWED', value.error);
    const payload = written(command, value.value);
    if (!payload.ok) return refusal(422, 'VALUE_NOT_ALLOWED', payload.error);
    const reference = options.reference();
    const down = { ...payload.value, ...wishes(command), name, value: value.value ?? given, reference };
    const message = messageOf(device, command, down);
    if (typeof message === 'string') return refusal(409, 'NO_WAY_DOWN', `"${name}" cannot be sent to "${device.id}": ${message}`);
    const bytes = typeof message.payload === 'string' ? Buffer.from(message.payload) : message.payload;
    const route = { kind: 'mqtt', topic: message.topic, payload: bytes } as const;
    return { entityId, entityType: 'Device', device: device.id, name, value: given, route, reference } satisfies Order;
  };

  function messageOf(device: Device, command: DeviceCommand, down: Omit<Downlink, 'heardOn'>): DownMessage | string {
    if (command.topic !== undefined) {
      const payload = down.bytes ?? down.text ?? JSON.stringify(down.json ?? { [down.name]: down.value });
      return { topic: command.topic, payload };
    }
    const [envelope = '', heardOn = ''] = options.ledger.lastHeard(device.id) ?? [];
    if (envelope === '') return 'it was not heard yet, so that its network is not known; wait for its next message, or set topic';
    const send = envelopes.get(envelope)?.command;
    return send === undefined ? `its network (${envelope}) takes no commands; set topic` : send({ ...down, heardOn });
  }
}

/** The Device entities that have commands, each with their names. */
export function registeredCommands(devices: readonly Device[], now: Instant): readonly Commanded[] {
  return devices.flatMap((device) => {
    const names = (device.commands ?? []).map(({ name }) => name);
    const isRetired = device.retiredAt !== undefined && device.retiredAt <= now;
    return names.length === 0 || isRetired ? [] : [{ entityId: deviceUrn(device), entityType: 'Device', names }];
  });
}

function wishes({ fPort, confirmed }: DeviceCommand): Pick<Downlink, 'fPort' | 'confirmed'> {
  return { ...(fPort === undefined ? {} : { fPort }), ...(confirmed === undefined ? {} : { confirmed }) };
}

function refusal(status: CommandRefusal['status'], name: string, message: string): CommandRefusal {
  return { status, name, message };
}
