/** A field of a packet. `celsius` is a temperature whose unit does not stand beside it. */
export type Field = keyof typeof sizes;

/** Bytes of each field, units included. */
export const sizes = {
  namur: 1,
  distance: 5,
  percent: 9,
  battery: 1,
  place: 8,
  detail: 4,
  celsius: 2,
  temperature: 3,
  inclination: 1,
} as const;

/** Packets 2 to 15 and 18 to 22: their fields one after the other. */
const packets: Readonly<Record<number, readonly Field[]>> = {
  2: ['namur', 'distance', 'battery', 'celsius', 'inclination'],
  3: ['namur', 'distance', 'battery', 'celsius', 'place', 'inclination'],
  4: ['namur', 'distance', 'battery', 'celsius', 'detail', 'inclination'],
  5: ['namur', 'distance', 'battery', 'celsius', 'place', 'detail', 'inclination'],
  6: ['namur', 'place'],
  7: ['namur', 'detail'],
  8: ['distance', 'battery', 'temperature', 'inclination'],
  9: ['distance', 'battery', 'place', 'temperature', 'inclination'],
  10: ['namur', 'distance', 'battery', 'detail', 'temperature', 'inclination'],
  11: ['namur', 'distance', 'battery', 'place', 'detail', 'temperature', 'inclination'],
  12: ['distance', 'percent', 'battery', 'temperature', 'inclination'],
  13: ['distance', 'percent', 'battery', 'place', 'temperature', 'inclination'],
  14: ['namur', 'distance', 'percent', 'battery', 'detail', 'temperature', 'inclination'],
  15: ['namur', 'distance', 'percent', 'battery', 'place', 'detail', 'temperature', 'inclination'],
  18: ['distance', 'battery', 'temperature', 'inclination'],
  19: ['namur', 'distance', 'battery', 'inclination'],
  20: ['namur', 'detail', 'temperature'],
  21: ['namur', 'place'],
  22: ['namur', 'percent'],
};

/** The fields of a packet; packets 16, 17 and 23 to 26 describe the device. */
export function fieldsOf(packet: number): readonly Field[] | 'information' | undefined {
  return packet === 16 || packet === 17 || (packet >= 23 && packet <= 26) ? 'information' : packets[packet];
}
