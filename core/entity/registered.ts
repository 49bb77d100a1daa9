import type { Device } from '../plugin.ts';
import { dateTime, property } from './build.ts';
import { attributesOf, type Entity } from './entity.ts';

/**
 * What the registry says of a device in the words of the Device model. `access` has no attribute of its own there and goes into
 * `configuration`, where the gateway that publishes open data finds it.
 */
export function registered({ installedAt, calibration = [], access }: Device): Partial<Entity> {
  const lastCalibration = calibration
    .flatMap(({ validFrom }) => validFrom ?? [])
    .sort()
    .at(-1);
  return {
    ...(installedAt === undefined ? {} : { dateInstalled: dateTime(installedAt) }),
    ...(lastCalibration === undefined ? {} : { dateLastCalibration: dateTime(lastCalibration) }),
    ...(access === undefined ? {} : { configuration: property([{ parameter: 'access', value: access }]) }),
  };
}

/** Of the network's clock, whatever the device's says. */
const ofNetwork = new Set(['deviceState', 'firmwareVersion', 'softwareVersion', 'hardwareVersion']);

/** Marks what was measured as `restamped`: its moment is the arrival's, not the device's. */
export function asRestamped(entity: Entity): Entity {
  const marked = attributesOf(entity).map(([name, attribute]) =>
    attribute.type === 'Property' && attribute.observedAt !== undefined && attribute.status === undefined && !ofNetwork.has(name)
      ? [name, { ...attribute, status: property('restamped') }]
      : [name, attribute],
  );
  return { ...(Object.fromEntries(marked) as Entity), id: entity.id, type: entity.type };
}
