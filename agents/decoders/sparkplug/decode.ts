import {
  deviceInstant,
  isObject,
  namedFields,
  readFields,
  refused,
  reject,
  type Device,
  type Instant,
  type Measurement,
  type Outcome,
  type Uplink,
} from '#core';

/** Metrics about the node and its software, not about the world. */
const aboutNode = /^(?:bdSeq$|Node Control\/|Device Control\/|Node Info\/|Device Info\/|Properties\/)/i;

/** A metric under its whole name. */
interface Given {
  readonly name: string;
  readonly field: unknown;
}

/**
 * Metrics by name: the whole name or its last part, as the registry (`fields`) or the vocabulary knows it, in the unit of `engUnit` where
 * the birth gave one. Time is the metric's, else the payload's, else the arrival. Null and texts are passed over; a message without a
 * number is the event `state`. Refuses `unmapped_quantity`, `invalid_time`, `unsupported_unit`.
 */
export function decode(uplink: Uplink, device?: Device): Outcome<Measurement> & { readonly event?: string } {
  const payload = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(payload) || !Array.isArray(payload['metrics'])) {
    return refused(reject('decode', 'malformed_payload', 'the decoder sparkplug expected metrics'));
  }
  const outcome: Outcome<Measurement> = { values: [], rejections: [] };
  const moments = new Map<Instant, Map<string, Given[]>>();
  for (const metric of payload['metrics'] as unknown[]) {
    if (!isObject(metric) || typeof metric['name'] !== 'string' || aboutNode.test(metric['name'])) continue;
    const { name, value, unit } = metric;
    if (typeof value !== 'number' && typeof value !== 'boolean') continue;
    const time = metric['timestamp'] ?? payload['timestamp'];
    const observedAt = time === undefined ? uplink.receivedAt : deviceInstant(time);
    if (observedAt === undefined) {
      const message = `the metric "${name.slice(0, 80)}" is stamped ${JSON.stringify(time).slice(0, 40)}; expected Unix time of a clock that was set`;
      outcome.rejections.push(reject('decode', 'invalid_time', message));
      continue;
    }
    const fields = moments.get(observedAt) ?? new Map<string, Given[]>();
    const own = device?.fields !== undefined && Object.hasOwn(device.fields, name) ? name : (name.split('/').at(-1) ?? name);
    const given = { name, field: typeof unit === 'string' && unit !== '' ? { value, unit } : value };
    moments.set(observedAt, fields.set(own, [...(fields.get(own) ?? []), given]));
  }
  for (const [observedAt, fields] of [...moments].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { values, rejections } = readFields(
      namedFields(Object.fromEntries([...fields].map(([name, all]) => [name, oneOf(all)])), device),
      observedAt,
      'network',
    );
    outcome.values.push(...values);
    // Their pointers name the fields as they were gathered here, not the metrics of the payload.
    outcome.rejections.push(...rejections.map(({ stage, code, message }) => reject(stage, code, message)));
  }
  return outcome.values.length + outcome.rejections.length === 0 ? { ...outcome, event: 'state' } : outcome;
}

/** Metrics that end alike and differ (`Hall/Temperature`, `Roof/Temperature`) are no number: nobody says which is meant. */
function oneOf(all: readonly Given[]): unknown {
  const [first, ...others] = all;
  const isOne = others.every(({ field }) => JSON.stringify(field) === JSON.stringify(first?.field));
  return isOne ? first?.field : Object.fromEntries(all.map(({ name, field }, i) => [i === 0 ? name : `${name} (${i + 1})`, field]));
}
