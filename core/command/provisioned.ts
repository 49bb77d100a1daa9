import { idOf } from '../entity/provisioned.ts';
import { merged, type ProvisionedDevice, type Provisioning, type Service } from '../provision/store.ts';
import type { OrderFinder } from './order.ts';
import type { Commanded } from './registrar.ts';

/**
 * Commands as the IoT Agents send them: over MQTT on `/<apikey>/<deviceId>/cmd`, over HTTP to the device's `endpoint`;
 * `{"<name>":<value>}` in JSON, `<deviceId>@<name>|<value>` in UltraLight. Only what was provisioned for the device or its group is sent.
 */
export function provisionedOrders(current: () => Provisioning): OrderFinder {
  return (entityId, name, value) => {
    const { services, devices } = current();
    const found = devices
      .map((device) => ({ device, group: groupOf(device, services) }))
      .find(({ device, group }) => idOf(merged(device, group)) === entityId);
    if (found === undefined) return undefined;
    const { device, group } = found;
    const apikey = device.apikey ?? group?.apikey;
    const known = [...(device.commands ?? []), ...(group?.commands ?? [])];
    const command = known.find((one) => one.name === name);
    if (command === undefined) {
      const names = known.length === 0 ? 'it has none' : `it has ${known.map((one) => one.name).join(', ')}`;
      return {
        status: 404,
        name: 'COMMAND_NOT_FOUND',
        message: `no command "${name}" was provisioned for "${device.device_id}"; ${names}`,
      };
    }
    if (apikey === undefined) {
      const message = `"${device.device_id}" has no apikey, and there is no service group for its fiware-service and fiware-servicepath`;
      return { status: 409, name: 'DEVICE_GROUP_NOT_FOUND', message };
    }
    const word = command.object_id ?? name;
    const isUltralight = speaksUltralight(device, group);
    const text = typeof value === 'string' ? value.trim() : JSON.stringify(value);
    const body = isUltralight ? `${device.device_id}@${word}|${text}` : JSON.stringify({ [word]: value });
    const { entityType } = merged(device, group);
    const order = { entityId, entityType, device: device.device_id, name, value };
    const { endpoint } = device;
    if (/^http$/i.test(device.transport ?? '') && endpoint !== undefined) {
      const answerTopic = `/${isUltralight ? 'ul' : 'json'}/${apikey}/${device.device_id}/cmdexe`;
      const contentType = isUltralight ? 'text/plain' : 'application/json';
      return { ...order, route: { kind: 'http', url: endpoint, contentType, body, answerTopic } };
    }
    return { ...order, route: { kind: 'mqtt', topic: `/${apikey}/${device.device_id}/cmd`, payload: Buffer.from(body) } };
  };
}

/** The entities that have commands, each with their names. */
export function provisionedCommands({ services, devices }: Provisioning): readonly Commanded[] {
  return devices.flatMap((device) => {
    const group = groupOf(device, services);
    const names = [...(device.commands ?? []), ...(group?.commands ?? [])].map(({ name }) => name);
    const known = merged(device, group);
    return names.length === 0 ? [] : [{ entityId: idOf(known), entityType: known.entityType, names: [...new Set(names)] }];
  });
}

/** By the protocol of the device, else by that of its group or the group's resource. */
function speaksUltralight(device: ProvisionedDevice, group: Service | undefined): boolean {
  // The JSON tutorials name the UltraLight protocol too; the resource of the group is what their agent goes by.
  if (group?.resource === '/iot/json') return false;
  return group?.resource === '/iot/d' || /ultralight|ul20/i.test(device.protocol ?? group?.protocol ?? '');
}

function groupOf({ service, subservice, apikey }: ProvisionedDevice, services: readonly Service[]): Service | undefined {
  return services.find(
    (one) => one.service === service && one.subservice === subservice && (apikey === undefined || one.apikey === apikey),
  );
}
