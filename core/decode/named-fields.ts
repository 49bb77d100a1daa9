import type { Device } from '../plugin.ts';
import { vocabularyUnits } from './vocabulary.ts';

/**
 * Fields under the names that the device registry explains (`fields: {result: {quantity, unit}}`) stand under their quantity, with
 * their unit, as `readFields` takes them; all others stay as they are.
 */
export function namedFields(fields: Readonly<Record<string, unknown>>, device: Device | undefined): Readonly<Record<string, unknown>> {
  const names = device?.fields;
  if (names === undefined) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const meaning = Object.hasOwn(names, name) ? names[name] : undefined;
      if (meaning === undefined) return [name, value];
      return [meaning.quantity, { value, unit: meaning.unit ?? vocabularyUnits.get(meaning.quantity) }];
    }),
  );
}
