import { deviceInstant, readFields, refused, reject, type Measurement, type Outcome, type Uplink } from '#core';

/** More groups than this in one message is no offline buffer but a fault. */
const maxGroups = 10_000;

/**
 * UltraLight 2.0, measures: groups apart by `#`, in each `name|value` pairs, before them optionally the group's moment, so that the count of
 * parts is odd. Refuses `malformed_payload`, `invalid_time`, `too_large`, and what `readFields` refuses; one bad group does not cost the others.
 */
export function decode(uplink: Uplink): Outcome<Measurement> {
  if (uplink.body.kind !== 'text') {
    return refused(
      reject('decode', 'malformed_payload', `the decoder ultralight got a ${uplink.body.kind}; expected text such as t|21.5|h|60`),
    );
  }
  const groups = uplink.body.text.trim().split('#');
  if (groups.length > maxGroups) {
    return refused(reject('decode', 'too_large', `the message holds ${groups.length} groups; expected at most ${maxGroups}`));
  }
  const outcome: Outcome<Measurement> = { values: [], rejections: [] };
  for (const [i, group] of groups.entries()) {
    const { values, rejections } = decodeGroup(group, uplink, groups.length > 1 ? `/${i}` : '');
    for (const measurement of values) outcome.values.push(measurement);
    for (const rejection of rejections) outcome.rejections.push(rejection);
  }
  return outcome;
}

function decodeGroup(group: string, uplink: Uplink, pointer: string): Outcome<Measurement> {
  const parts = group.trim().split('|');
  const stamped = parts.length % 2 === 1;
  const observedAt = stamped ? deviceInstant(parts[0]) : uplink.receivedAt;
  const shown = JSON.stringify(group.slice(0, 80));
  if (parts.length < 2) {
    return refused(reject('decode', 'malformed_payload', `the UltraLight group ${shown} holds no pair; expected name|value`, pointer));
  }
  if (observedAt === undefined) {
    const message = `the UltraLight group ${shown} starts with neither a time (ISO 8601 with offset) nor holds whole name|value pairs`;
    return refused(reject('decode', 'invalid_time', message, pointer));
  }
  const fields: [string, string][] = [];
  for (let i = stamped ? 1 : 0; i + 1 < parts.length; i += 2) fields.push([(parts[i] ?? '').trim(), (parts[i + 1] ?? '').trim()]);
  const names = new Set(fields.map(([name]) => name));
  if (names.has('') || names.size < fields.length) {
    return refused(reject('decode', 'malformed_payload', `the UltraLight group ${shown} has a name that is empty or given twice`, pointer));
  }
  return readFields(Object.fromEntries(fields.filter(([, value]) => value !== 'null')), observedAt, 'own', pointer);
}
