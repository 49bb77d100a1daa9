import type { Reading } from '#core';

import { quantities, type DlPmRecord } from './record.ts';

export function readings(record: DlPmRecord): Reading[] {
  const list: Reading[] = [];
  for (const quantity of quantities) {
    const value = record[quantity];
    if (value !== undefined) list.push({ quantity, value, observedAt: record.observedAt });
  }
  return list;
}
