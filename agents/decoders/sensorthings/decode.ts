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

type Json = Readonly<Record<string, unknown>>;

/**
 * Results of Observations. What `result` is of, is said by `fields.result` of the device registry, else by the expanded Datastream; an
 * object names its values itself, an array by their number. Time is the end of `phenomenonTime` (its start is that of the period), else `resultTime`, else the arrival.
 * Refuses `unmapped_quantity`, `invalid_time`, `invalid_value`, `unsupported_unit`; a result of null is the event `no-result`.
 */
export function decode(uplink: Uplink, device?: Device): Outcome<Measurement> & { readonly event?: string } {
  const value = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(value) || !Array.isArray(value['observations'])) {
    return refused(reject('decode', 'malformed_payload', 'the decoder sensorthings expected Observations'));
  }
  const outcome: Outcome<Measurement> = { values: [], rejections: [] };
  for (const observation of value['observations'] as unknown[]) {
    const { values, rejections } = isObject(observation)
      ? withPeriod(observation, decodeOne(observation, value, uplink.receivedAt, device))
      : refused<Measurement>(reject('decode', 'malformed_payload', 'an Observation is no JSON object'));
    outcome.values.push(...values);
    outcome.rejections.push(...rejections);
  }
  return outcome.values.length + outcome.rejections.length === 0 ? { ...outcome, event: 'no-result' } : outcome;
}

/** An interval is the time over which was measured; it ends with the moment of the values. */
function withPeriod({ phenomenonTime }: Json, outcome: Outcome<Measurement>): Outcome<Measurement> {
  const observedFrom = typeof phenomenonTime === 'string' ? deviceInstant(phenomenonTime.split('/').at(-2)) : undefined;
  if (observedFrom === undefined) return outcome;
  return { ...outcome, values: outcome.values.map((value) => (observedFrom < value.observedAt ? { ...value, observedFrom } : value)) };
}

function decodeOne(observation: Json, stream: Json, arrivedAt: Instant, device?: Device): Outcome<Measurement> {
  const { result, phenomenonTime, resultTime } = observation;
  const time = phenomenonTime ?? resultTime ?? undefined;
  const observedAt = time === undefined ? arrivedAt : deviceInstant(typeof time === 'string' ? time.split('/').at(-1) : time);
  if (observedAt === undefined) {
    const found = JSON.stringify(time).slice(0, 80);
    return refused(reject('decode', 'invalid_time', `the Observation is stamped ${found}; expected ISO 8601 or an interval of it`));
  }
  if (result === undefined) return refused(reject('decode', 'missing_field', 'the Observation has no result', '/result'));
  if (result === null) return { values: [], rejections: [] };
  if (typeof result === 'object') return readFields(namedFields({ ...result } as Json, device), observedAt, 'network', '/result');
  const { property, unit } = stream;
  const isKnown = device?.fields !== undefined && Object.hasOwn(device.fields, 'result');
  if (!isKnown && typeof property !== 'string') {
    const message = `nothing says what the result is of; add fields: { result: { quantity: …, unit: … } } to the device in the registry`;
    return refused(reject('decode', 'unmapped_quantity', message, '/result'));
  }
  const name = isKnown ? 'result' : String(property);
  const given = isKnown || typeof unit !== 'string' ? result : { value: result, unit };
  return readFields(namedFields({ [name]: given }, device), observedAt, 'network', '/result');
}
