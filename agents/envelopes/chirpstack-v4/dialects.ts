import { fromBase64, isObject } from '#core';

type Json = Readonly<Record<string, unknown>>;

/** `deviceInfo.devEui` in version 4; `devEUI` in version 3, as hex or, with the protobuf JSON marshaler, base64. */
export function devEuiOf(up: Json): unknown {
  const eui = isObject(up['deviceInfo']) ? up['deviceInfo']['devEui'] : (up['devEui'] ?? up['devEUI']);
  if (typeof eui !== 'string' || /^[0-9a-f]{16}$/i.test(eui)) return eui;
  const bytes = fromBase64(eui);
  return bytes?.length === 8 ? Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') : eui;
}

/**
 * `time` in version 4 (some forwarders: `timestamp`), `publishedAt` in the last releases of version 3. Those before have only the gateways'
 * times, and only of gateways with GPS.
 */
export function timeOf(up: Json): unknown {
  const time = up['time'] ?? up['timestamp'] ?? up['publishedAt'];
  if (time !== undefined && time !== null) return time;
  const gateways = Array.isArray(up['rxInfo']) ? (up['rxInfo'] as unknown[]) : [];
  for (const gateway of gateways) {
    const time = isObject(gateway) ? (gateway['nsTime'] ?? gateway['time']) : undefined;
    if (time !== undefined && time !== null) return time;
  }
  return undefined;
}
