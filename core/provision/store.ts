import type { Provisioned, ProvisionedAttribute, StaticAttribute } from '../entity/provisioned.ts';
import type { Uplink } from '../plugin.ts';

/** Service and path of the IoT Agents: devices of different ones may have the same names. */
export interface Tenant {
  readonly service: string;
  readonly subservice: string;
}

interface Common {
  readonly entity_type?: string;
  readonly attributes?: readonly ProvisionedAttribute[];
  readonly static_attributes?: readonly StaticAttribute[];
  readonly commands?: readonly ProvisionedAttribute[];
  readonly explicitAttrs?: boolean | readonly string[];
  readonly protocol?: string;
}

/** A service group: what devices with this API key have in common. */
export interface Service extends Common, Tenant {
  readonly apikey: string;
  readonly resource?: string;
  /** Older name of `entity_type`. */
  readonly type?: string;
  /** false: only devices that were provisioned one by one. */
  readonly autoprovision?: boolean;
}

export interface ProvisionedDevice extends Common, Tenant {
  readonly device_id: string;
  readonly apikey?: string;
  readonly entity_name?: string;
  readonly transport?: string;
  /** Where a device with the transport HTTP takes commands. */
  readonly endpoint?: string;
}

/** All that was provisioned, as it stands in the file. */
export interface Provisioning {
  readonly services: readonly Service[];
  readonly devices: readonly ProvisionedDevice[];
}

const topicForm = /^\/?(?:(?:json|ul)\/)?([^/]+)\/[^/]+\/(?:attrs(?:\/[^/]+)?|cmdexe)$/;

/**
 * The sender of an uplink that came on a topic of the IoT Agents, `/json/<apikey>/<deviceId>/attrs` and the like: a provisioned device
 * whose own API key, or that of a service group of its service, is the topic's; else any device of a service group that takes new ones.
 */
export function findProvisioned(
  { services, devices }: Provisioning,
  uplink: Pick<Uplink, 'deviceId'>,
  topic: string,
): Provisioned | undefined {
  const apikey = topicForm.exec(topic)?.[1];
  if (apikey === undefined) return undefined;
  const groups = services.filter((service) => service.apikey === apikey);
  for (const device of devices.filter(({ device_id: id }) => id === uplink.deviceId)) {
    const group = groups.find((one) => one.service === device.service && one.subservice === device.subservice);
    if (device.apikey === apikey || (device.apikey === undefined && group !== undefined)) return merged(device, group);
  }
  const open = groups.find(({ autoprovision }) => autoprovision !== false);
  return open === undefined ? undefined : merged({ device_id: uplink.deviceId, service: open.service, subservice: open.subservice }, open);
}

/** A device with what its service group adds. */
export function merged(device: ProvisionedDevice, group: Service | undefined): Provisioned {
  return {
    deviceId: device.device_id,
    entityName: device.entity_name ?? device.device_id,
    entityType: device.entity_type ?? group?.entity_type ?? group?.type ?? 'Thing',
    attributes: [...(device.attributes ?? []), ...(group?.attributes ?? [])],
    staticAttributes: [...(group?.static_attributes ?? []), ...(device.static_attributes ?? [])],
    explicitAttrs: device.explicitAttrs ?? group?.explicitAttrs ?? false,
  };
}

/** Whether anything is known under an API key. */
export function knowsKey({ services, devices }: Provisioning, apikey: string): boolean {
  return services.some((one) => one.apikey === apikey) || devices.some((one) => one.apikey === apikey);
}
