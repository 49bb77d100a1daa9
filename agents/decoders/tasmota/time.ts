import { deviceInstant, err, localInstants, ok, reject, type Instant, type Result } from '#core';

/** Where the devices of the municipality stand; Tasmota tells no zone, and the registry only where it is another one. */
const usualZone = 'Europe/Ljubljana';

/**
 * `Epoch` where the firmware gives it, else `Time`, local and usually without a zone. In the hour that comes twice in autumn the moment
 * nearer to the arrival counts: a message is on its way for seconds.
 */
export function timeOf(message: Readonly<Record<string, unknown>>, receivedAt: Instant, zone = usualZone): Result<Instant> {
  const { Epoch: epoch, Time: time } = message;
  if (epoch === undefined && time === undefined) return ok(receivedAt);
  const exact = deviceInstant(epoch ?? time);
  if (exact !== undefined) return ok(exact);
  const moments = typeof time === 'string' ? (localInstants(time, zone) ?? []) : [];
  const [nearest] = [...moments].sort((a, b) => distance(a, receivedAt) - distance(b, receivedAt));
  // A clock that was never set says 1970.
  const observedAt = deviceInstant(nearest);
  if (observedAt !== undefined) return ok(observedAt);
  const found = JSON.stringify(epoch ?? time).slice(0, 80);
  return err(reject('decode', 'invalid_time', `Time is ${found}; expected local time of ${zone} of a clock that was set`, '/Time'));
}

function distance(a: Instant, b: Instant): number {
  return Math.abs(Date.parse(a) - Date.parse(b));
}
