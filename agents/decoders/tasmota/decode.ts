import { isObject, readParts, refused, reject, type Measurement, type Outcome, type Part, type Uplink } from '#core';

import { tableOf, type Units } from './fields.ts';
import { phasesOf } from './phases.ts';
import { timeOf } from './time.ts';

/** Their temperature is that of a chip. */
const inside = /^(?:ESP32|MPU6\d{3}|AXP192|BMA\d+|LSM\w+)/i;

/**
 * Sensors by their names, in the units that `TempUnit` and `PressureUnit` name. A sensor that fails gives null. A message that measures
 * nothing (switches, tags, gestures) is the event `state`. Refuses `invalid_time`, `ambiguous_time`, `invalid_value`, `unsupported_unit`.
 */
export function decode(uplink: Uplink): Outcome<Measurement> & { readonly event?: string } {
  const message = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(message)) return refused(reject('decode', 'malformed_payload', 'the decoder tasmota expected a JSON object of sensors'));
  const units: Units = {
    temperature: message['TempUnit'] === 'F' ? '°F' : '°C',
    pressure: typeof message['PressureUnit'] === 'string' ? message['PressureUnit'].slice(0, 10) : 'hPa',
  };
  const parts = Object.entries(message).flatMap(([name, fields]): Part[] => {
    if (!isObject(fields) || inside.test(name)) return [];
    return [{ fields: name === 'ENERGY' ? phasesOf(fields) : fields, table: tableOf(name, units), pointer: `/${name}` }];
  });
  const measured = readParts(parts, uplink.receivedAt);
  if (measured.values.length === 0) return measured.rejections.length > 0 ? measured : { ...measured, event: 'state' };
  const observedAt = timeOf(message, uplink.receivedAt);
  if (!observedAt.ok) return refused(observedAt.error);
  return { ...measured, values: measured.values.map(({ values }) => ({ observedAt: observedAt.value, values })) };
}
