import type { Reading } from '#core';

import type { Em500UdlRecord } from './record.ts';

export function readings({ observedAt, distance, batteryLevel }: Em500UdlRecord): Reading[] {
  const list: Reading[] = [];
  if (distance !== undefined) list.push({ quantity: 'distance', value: distance, observedAt });
  if (batteryLevel !== undefined) list.push({ quantity: 'batteryLevel', value: batteryLevel, observedAt });
  return list;
}
