import { readFields, refused, reject, type Measurement, type Outcome, type Rejection, type Uplink } from '#core';

import { resolve, type Resolved } from './resolve.ts';

/** OMA LwM2M objects whose resource 5700 is the measured value: quantity, and the unit where the record gives none. */
const lwm2m: Readonly<Record<string, readonly [quantity: string, unit?: string]>> = {
  '3301': ['illuminance', 'lx'],
  '3303': ['airTemperature', 'Cel'],
  '3304': ['relativeHumidity', '%RH'],
  '3315': ['atmosphericPressure'],
  '3330': ['distance'],
};
const lwm2mValue = /^urn:oma:lwm2m:(?:ext|oma|x):(\d{4})(?:\/\d+)?\/?5700$/;

/**
 * RFC 8428 pack. The last part of a resolved name says the quantity; times and units are the record's. Switches are states;
 * records of position and text are passed over. Refuses `malformed_payload`, `invalid_time`, and what `readFields` refuses.
 */
export function decode(uplink: Uplink): Outcome<Measurement> {
  if (uplink.body.kind !== 'json' || !Array.isArray(uplink.body.value)) {
    return refused(reject('decode', 'malformed_payload', 'the decoder senml expected a JSON array of SenML records'));
  }
  const resolved = resolve(uplink.body.value as unknown[], uplink.receivedAt);
  if ('code' in resolved) return refused(resolved);

  const medium = resolved.find(({ name, value }) => /env$/.test(name) && typeof value === 'string')?.value;
  const moments = new Map<string, Map<string, Field>>();
  const rejections: Rejection[] = [];
  for (const record of resolved) {
    const field = fieldOf(record, medium);
    if (field === undefined) continue;
    const moment = moments.get(record.observedAt) ?? new Map<string, Field>();
    const before = moment.get(field.name);
    if (before !== undefined && before.value !== field.value) {
      const message = `the SenML pack gives "${field.name}" of ${record.observedAt} twice with different values; expected one`;
      rejections.push(reject('decode', 'invalid_value', message, record.pointer));
    }
    moments.set(record.observedAt, moment.set(field.name, field));
  }
  if (rejections.length > 0) return { values: [], rejections };

  const outcome: Outcome<Measurement> = { values: [], rejections: sumsOf(resolved) };
  for (const [observedAt, fields] of [...moments].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const read = readFields(Object.fromEntries(fields), observedAt, 'own');
    outcome.values.push(...read.values);
    // Their pointers name the fields as they were gathered here, not the records of the pack.
    for (const { stage, code, message } of read.rejections) outcome.rejections.push({ stage, code, message });
  }
  return outcome;
}

interface Field {
  readonly name: string;
  readonly value: number | boolean;
  readonly unit?: string;
}

/** An integral over time is of no quantity here: W of a sum would be Ws. */
function sumsOf(resolved: readonly Resolved[]): Rejection[] {
  const first = resolved.find(({ isSum }) => isSum === true);
  if (first === undefined) return [];
  const message = `the SenML record "${first.name.slice(0, 80)}" holds a sum and no value; expected v`;
  return [reject('decode', 'unmapped_quantity', message, first.pointer)];
}

function fieldOf(record: Resolved, medium: unknown): Field | undefined {
  if (
    typeof record.value === 'string' ||
    record.value === undefined ||
    record.unit === 'lat' ||
    record.unit === 'lon' ||
    record.unit === 'alt'
  )
    return undefined;
  const [object] = lwm2mValue.exec(record.name)?.slice(1) ?? [];
  const [quantity, usualUnit] = (object === undefined ? undefined : lwm2m[object]) ?? [];
  // Packs of LwM2M gateways say what a temperature is of in a record "env".
  const name = object === '3303' && medium === 'water' ? 'waterTemperature' : (quantity ?? record.name.split(/[:/]/).at(-1) ?? '');
  const unit = record.unit ?? usualUnit ?? (quantity === undefined ? undefined : 'unknown');
  return { name, value: record.value, ...(unit === undefined ? {} : { unit }) };
}
