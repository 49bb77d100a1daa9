import { isObject, readParts, refused, reject, type Device, type Measurement, type Outcome, type Part, type Uplink } from '#core';

import { tableOf, type Units } from './fields.ts';
import { phasesOf } from './phases.ts';
import { timeOf } from './time.ts';

type Json = Readonly<Record<string, unknown>>;

/** Their temperature is that of a chip. */
const inside = /^(?:ESP32|MPU6\d{3}|AXP192|BMA\d+|LSM\w+|ADE7\d{3})/i;
/** They feel their own warmth: a thermometer beside one stands over it. */
const barometer = /^(?:BMP|SPL06|LPS\d|MS56|DPS3|HP303|QMP)/i;
/** Names of fields that are a measurement, whatever it is of; not those of lightning. */
const measures = /^(?:Temperature|Distance|Voltage|Current|Power|Energy|Total|Weight|Flow|Volume|Range)/;
const noSensor = /^AS3935/;
/** Laser rangers with nothing within their range. */
const ranger = /^VL53L/;
const outOfRange: readonly unknown[] = [9999, 8190, 8191];

/**
 * Sensors by their names, in the units that `TempUnit`, `PressureUnit` and `SpeedUnit` name; others as the registry says (`fields`, by
 * `<sensor>/<field>`). A sensor that fails gives null. A message that measures nothing (switches, tags, gestures) is the event `state`.
 * Refuses `invalid_time`, `ambiguous_time`, `invalid_value`, `unsupported_unit`, and `unmapped_quantity` for nothing but unknown sensors.
 */
export function decode(uplink: Uplink, device?: Device): Outcome<Measurement> & { readonly event?: string } {
  const message = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(message)) return refused(reject('decode', 'malformed_payload', 'the decoder tasmota expected a JSON object of sensors'));
  const measured = readParts(partsOf(message), uplink.receivedAt, { message, device });
  if (measured.values.length === 0) {
    const unknown = measured.rejections.length > 0 ? [] : unknownOf(message);
    if (unknown.length > 0) return refused(reject('decode', 'unmapped_quantity', explain(unknown)));
    return measured.rejections.length > 0 ? measured : { ...measured, event: 'state' };
  }
  const observedAt = timeOf(message, uplink.receivedAt, device?.timezone);
  if (!observedAt.ok) return refused(observedAt.error);
  return { ...measured, values: measured.values.map(({ values }) => ({ observedAt: observedAt.value, values })) };
}

function partsOf(message: Json): Part[] {
  const units: Units = {
    temperature: message['TempUnit'] === 'F' ? '°F' : '°C',
    pressure: unitOf(message['PressureUnit'], 'hPa'),
    speed: unitOf(message['SpeedUnit'], 'm/s'),
  };
  const sensors = Object.entries(message).filter((entry): entry is [string, Json] => isObject(entry[1]) && !inside.test(entry[0]));
  const hasThermometer = sensors.some(([name, fields]) => !barometer.test(name) && typeof fields['Temperature'] === 'number');
  return sensors.map(([name, fields]): Part => {
    const { Temperature: temperature, ...table } = tableOf(name, units);
    const isRead = temperature !== undefined && !(hasThermometer && barometer.test(name));
    return {
      fields: fieldsOf(name, fields),
      table: isRead ? { Temperature: temperature, ...table } : table,
      pointer: `/${name}`,
    };
  });
}

function fieldsOf(name: string, fields: Json): Json {
  if (name === 'ENERGY') return phasesOf(fields);
  return ranger.test(name) && outOfRange.includes(fields['Distance']) ? { ...fields, Distance: null } : fields;
}

function unitOf(given: unknown, usual: string): string {
  return typeof given === 'string' ? given.slice(0, 10) : usual;
}

function unknownOf(message: Json): string[] {
  return Object.entries(message).flatMap(([sensor, fields]) =>
    isObject(fields) && !inside.test(sensor) && !noSensor.test(sensor)
      ? Object.keys(fields)
          .filter((field) => typeof fields[field] === 'number' && measures.test(field) && !isKnown(sensor, field))
          .map((field) => `${sensor}/${field}`)
      : [],
  );
}

function isKnown(sensor: string, field: string): boolean {
  return Object.hasOwn(tableOf(sensor, { temperature: '°C', pressure: 'hPa', speed: 'm/s' }), field);
}

function explain(unknown: readonly string[]): string {
  const names = unknown.slice(0, 20).map((name) => `"${name.slice(0, 40)}"`);
  return `what ${names.join(', ')} measures is not known; say it in the device registry: fields: { ${unknown[0]?.slice(0, 40)}: { quantity: …, unit: … } }`;
}
