import { deviceInstant, isObject, readFields, refused, reject, type Measurement, type Outcome, type Uplink } from '#core';

/** Where devices put the moment of a whole object, in the order of trust. */
const timeKeys = ['observedAt', 'TimeInstant', 'timestamp', 'time', 'ts', 'Time', 'dateObserved'];
const times: ReadonlySet<string> = new Set(timeKeys);
/** More measurements than this in one message is no offline buffer but a fault. */
const maxStates = 10_000;

/**
 * One object or an array of them. Fields stand in the object itself or under `readings`; names are those of `schemas/quantities.json`
 * or well-known others (README). Refuses `malformed_payload`, `invalid_time`, `too_large`, and what `readFields` refuses.
 */
export function decode(uplink: Uplink): Outcome<Measurement> {
  if (uplink.body.kind !== 'json') {
    return refused(reject('decode', 'malformed_payload', `the decoder json got a ${uplink.body.kind}; expected JSON`));
  }
  const { value } = uplink.body;
  if (!Array.isArray(value)) return decodeState(value, uplink, '');
  const states = value as readonly unknown[];
  if (states.length > maxStates) {
    return refused(reject('decode', 'too_large', `the message holds ${states.length} measurements; expected at most ${maxStates}`));
  }
  const outcome: Outcome<Measurement> = { values: [], rejections: [] };
  for (const [i, state] of states.entries()) {
    const { values, rejections } = decodeState(state, uplink, `/${i}`);
    for (const measurement of values) outcome.values.push(measurement);
    for (const rejection of rejections) outcome.rejections.push(rejection);
  }
  return outcome;
}

function decodeState(state: unknown, uplink: Uplink, pointer: string): Outcome<Measurement> {
  if (!isObject(state)) {
    const found = JSON.stringify(state).slice(0, 80);
    return refused(
      reject('decode', 'malformed_payload', `the message holds ${found}; expected an object of quantities and numbers`, pointer),
    );
  }
  const timeKey = timeKeys.find((key) => state[key] !== undefined && state[key] !== null);
  const observedAt = timeKey === undefined ? uplink.receivedAt : deviceInstant(state[timeKey]);
  if (timeKey !== undefined && observedAt === undefined) {
    const found = JSON.stringify(state[timeKey]).slice(0, 80);
    const message = `${timeKey} is ${found}; expected ISO 8601 with Z or offset, or Unix time, of a clock that was set`;
    return refused(reject('decode', 'invalid_time', message, `${pointer}/${timeKey}`));
  }
  const nested = isObject(state['readings']) ? state['readings'] : undefined;
  const at = observedAt ?? uplink.receivedAt;
  return nested === undefined ? readFields(state, at, 'own', pointer, times) : readFields(nested, at, 'own', `${pointer}/readings`);
}
