import { isObject } from '#core';

type Json = Readonly<Record<string, unknown>>;

/** `DS18B20-2`, `BME280-77`, `SHT3X-0x45`, `VL53L0X_3`, `MJ_HT_V1-3108be`: one of several sensors of a kind. */
const oneOfSeveral = /[-_](?:0x)?[0-9a-f]{1,6}$/i;
/** Radio bridges: each member is a device elsewhere. */
const bridges = ['ZbReceived', 'LwReceived'];
const bridged = ['Temperature', 'Humidity', 'Pressure', 'Occupancy', 'BatteryPercentage', 'DoorOpen'];
/** Answers of the Zigbee bridge about its network. */
const bridgeTalk = /^Zb(?!Received)/;

/**
 * The sensors of a message as devices, by what follows the topic in the device id: '' for those of the board itself, one for each of
 * several sensors of a kind, one for each device behind a radio bridge. Each keeps the message's own fields (`Time`, units).
 */
export function sensorsOf(message: Json): Map<string, Json> {
  const shared = Object.fromEntries(Object.entries(message).filter(([, value]) => !isObject(value)));
  const devices = new Map<string, Json>();
  for (const [name, sensor] of Object.entries(message)) {
    if (!isObject(sensor) || bridgeTalk.test(name)) continue;
    if (bridges.includes(name)) {
      for (const [device, values] of Object.entries(sensor)) {
        if (isObject(values) && bridged.some((field) => values[field] !== undefined)) devices.set(device, { ...shared, [name]: values });
      }
      continue;
    }
    const suffix = oneOfSeveral.test(name) ? name : '';
    devices.set(suffix, { ...(devices.get(suffix) ?? shared), [name]: sensor });
  }
  return devices;
}
