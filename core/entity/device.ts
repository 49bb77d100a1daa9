import type { Device, Family, Instant, Reading, Uplink, Versions } from '../plugin.ts';
import { dateTime, measured, point, property, relationship, urn } from './build.ts';
import { constant } from './constants.ts';
import type { Entity, Relationship } from './entity.ts';
import { asPublished } from './published.ts';

/**
 * Quantities that speak of the device and not of the world; families never see them. The Device model has attributes for the battery's
 * charge and for rssi; voltage, the alarm of an empty battery, how the device stands and snr have none and are kept as readings only.
 */
const deviceQuantities: ReadonlySet<string> = new Set([
  'batteryLevel',
  'batteryVoltage',
  'lowBatteryAlarm',
  'tilted',
  'inclination',
  'rssi',
  'snr',
]);

export function isDeviceQuantity(quantity: string): boolean {
  return deviceQuantities.has(quantity);
}

/** The id of a device's own entity: what `refDevice` of its observations points to. */
export function deviceUrn(device: Pick<Device, 'id'>): string {
  let id = urns.get(device);
  if (id === undefined) urns.set(device, (id = urn('Device', device.id)));
  return id;
}

const urns = new WeakMap<Pick<Device, 'id'>, string>();

/** `refDevice` of a device's observations. */
export function refDevice(device: Pick<Device, 'id'>): Relationship {
  let reference = references.get(device);
  if (reference === undefined) references.set(device, (reference = constant(relationship(deviceUrn(device)))));
  return reference;
}

const references = new WeakMap<Pick<Device, 'id'>, Relationship>();

/** `silent`: the registry expected a message that did not come. `offline`: it, or its network, said that it is gone. */
export type DeviceState = 'online' | 'offline' | 'silent';

/** The attribute `deviceState`, and versions, at one moment. */
export function stateOf(state: DeviceState | undefined, at: Instant, versions: Versions = {}): Partial<Entity> {
  const { firmwareVersion, softwareVersion, hardwareVersion } = versions;
  return {
    ...(state === undefined ? {} : { deviceState: property(state, at) }),
    ...(firmwareVersion === undefined ? {} : { firmwareVersion: property(firmwareVersion, at) }),
    ...(softwareVersion === undefined ? {} : { softwareVersion: property(softwareVersion, at) }),
    ...(hardwareVersion === undefined ? {} : { hardwareVersion: property(hardwareVersion, at) }),
  };
}

/**
 * The Device entity of a sensor after an uplink with readings: battery and radio of their own moment, when it last reported, and that it was
 * online when the uplink came.
 */
export function deviceEntity(device: Device, family: Family, readings: readonly Reading[], uplink: Uplink, about?: Versions): Entity {
  const lastReported = readings.reduce(
    (latest, { observedAt }) => (observedAt > latest ? observedAt : latest),
    readings[0]?.observedAt ?? '',
  );
  const shown = asPublished(device, family);
  const entity: Entity = {
    id: deviceUrn(device),
    type: 'Device',
    deviceCategory: property(['sensor']),
    controlledProperty: property([...family.controlledProperty]),
    location: point(...shown.location),
    dateLastValueReported: { ...dateTime(lastReported), observedAt: lastReported },
    ...describe(shown),
    ...stateOf('online', uplink.receivedAt, about),
  };
  const battery = newest(readings, 'batteryLevel');
  if (battery !== undefined) entity['batteryLevel'] = measured(battery.value, 'C62', battery.observedAt);
  const radio = newest(readings, 'rssi') ?? { value: uplink.radio?.rssi, observedAt: uplink.receivedAt };
  if (radio.value !== undefined) entity['rssi'] = measured(radio.value, 'DBM', radio.observedAt);
  return entity;
}

/** What the registry says of a device in the words that every model has: name (Slovenian first), place, who provides the data. */
export function describe(device: Device): Partial<Entity> {
  const name = device.name?.sl ?? device.name?.en;
  return {
    ...(name === undefined ? {} : { name: property(name) }),
    ...(device.addressLocality === undefined
      ? {}
      : { address: property({ addressLocality: device.addressLocality, addressCountry: 'SI' }) }),
    ...(device.owner === undefined ? {} : { dataProvider: property(device.owner) }),
  };
}

function newest(readings: readonly Reading[], quantity: string): Reading | undefined {
  let latest: Reading | undefined;
  for (const reading of readings) {
    if (reading.quantity === quantity && (latest === undefined || reading.observedAt > latest.observedAt)) latest = reading;
  }
  return latest;
}
