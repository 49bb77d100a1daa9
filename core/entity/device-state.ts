import type { Device, DeviceReport, Family, Instant, Versions } from '../plugin.ts';
import { point, property } from './build.ts';
import { describe, deviceUrn, stateOf, type DeviceState } from './device.ts';
import type { Entity } from './entity.ts';
import { asPublished } from './published.ts';
import { registered } from './registered.ts';

/** The Device entity of a sensor of which nothing is known but its state, its versions or both, at one moment. */
export function deviceStateEntity(
  device: Device,
  family: Family,
  state: DeviceState | undefined,
  at: Instant,
  versions?: Versions,
): Entity {
  const shown = asPublished(device, family);
  return {
    id: deviceUrn(device),
    type: 'Device',
    deviceCategory: property(['sensor']),
    controlledProperty: property([...family.controlledProperty]),
    location: point(...shown.location),
    ...describe(shown),
    ...registered(device),
    ...stateOf(state, at, versions),
  } as Entity;
}

/** The Device entity after a report of its network; undefined when the device is not in service at that moment. */
export function reportedEntity(device: Device, family: Family, report: DeviceReport): Entity | undefined {
  const { at, online } = report;
  if ((device.retiredAt !== undefined && at >= device.retiredAt) || (device.installedAt !== undefined && at < device.installedAt)) {
    return undefined;
  }
  return deviceStateEntity(device, family, online === undefined ? undefined : online ? 'online' : 'offline', at, report);
}
