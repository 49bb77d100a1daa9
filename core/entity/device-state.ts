import type { Device, Family, Instant } from '../plugin.ts';
import { point, property } from './build.ts';
import { describe, deviceUrn } from './device.ts';
import type { Entity } from './entity.ts';
import { asPublished } from './published.ts';
import { registered } from './registered.ts';

/** The Device entity of a sensor that fell silent or returned: `deviceState` is `silent` or `reporting` since `at`. */
export function deviceStateEntity(device: Device, family: Family, state: 'silent' | 'reporting', at: Instant): Entity {
  const shown = asPublished(device, family);
  return {
    id: deviceUrn(device),
    type: 'Device',
    deviceCategory: property(['sensor']),
    controlledProperty: property([...family.controlledProperty]),
    location: point(...shown.location),
    ...describe(shown),
    ...registered(device),
    deviceState: property(state, at),
  } as Entity;
}
