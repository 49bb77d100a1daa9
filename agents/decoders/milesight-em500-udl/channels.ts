/** Channel id and type in one number, as they follow each other in the frame. */
export const channel = {
  battery: 0x0175,
  distance: 0x0382,
  distanceAlarm: 0x83e9,
  history: 0x20ce,
} as const;

/** Bytes that follow a channel's id and type (payload definition, "Telemetry"). */
const telemetry: Readonly<Record<number, number>> = {
  [channel.battery]: 1,
  [channel.distance]: 2,
  [channel.distanceAlarm]: 5,
  [channel.history]: 6,
};

/** 0xFF: versions, serial number and power-on that a boot frame brings (payload definition, "Attributes"). */
const attributes: Readonly<Record<number, number>> = { 0x01: 1, 0x09: 2, 0x0a: 2, 0x0b: 1, 0x0f: 1, 0x16: 8, 0xfe: 1, 0xff: 2 };

/** 0xFE and 0xFF: the answers to settings sent down. */
const settings: Readonly<Record<number, number>> = {
  0x02: 2,
  0x03: 2,
  0x06: 9,
  0x10: 1,
  0x11: 4,
  0x17: 2,
  0x1c: 2,
  0x27: 1,
  0x28: 1,
  0x35: 8,
  0x3b: 1,
  0x4a: 1,
  0x68: 1,
  0x69: 1,
  0x6a: 3,
  0x84: 1,
  0x96: 8,
  0xf1: 4,
  0xf2: 2,
  0xf5: 1,
};

/** What a channel is and how many bytes follow; undefined when the payload definition does not have it. */
export function describeChannel(
  id: number,
  type: number,
): { readonly kind: 'telemetry' | 'boot' | 'configuration'; readonly length: number } | undefined {
  const measured = telemetry[id * 256 + type];
  if (measured !== undefined) return { kind: 'telemetry', length: measured };
  if (id === 0xff && attributes[type] !== undefined) return { kind: 'boot', length: attributes[type] };
  const setting = id === 0xff || id === 0xfe ? settings[type] : undefined;
  return setting === undefined ? undefined : { kind: 'configuration', length: setting };
}
