import type { Instant } from '../../plugin.ts';
import { reject, type Rejection } from '../../rejection.ts';
import { refused } from '../../result.ts';
import type { FrameOutcome } from '../frame.ts';
import { deviceInstant } from '../instant.ts';
import { Moments } from '../moments.ts';
import type { JsonTable, JsonValueRule, Scalar } from './declaration.ts';
import { memberAt, membersOf, pointerOf } from './path.ts';
import { valueReader, type ValueReader } from './value.ts';

interface ValueAt extends ValueReader {
  readonly members: readonly string[];
}

/** An object of values with a moment of its own. */
interface State {
  readonly time: readonly string[] | undefined;
  readonly values: readonly ValueAt[];
}

/** A list longer than this is no message of a sensor. */
const mostEntries = 2_000;

/**
 * Reads JSON as a table describes it. Refuses `missing_field` when none of its paths is there, `invalid_time` for a moment that cannot be
 * read (its values are not taken), and `invalid_value`, `unsupported_unit`, `too_large` for what stands there.
 */
export function jsonTable(table: JsonTable): (value: unknown, receivedAt: Instant) => FrameOutcome {
  const own: State = { time: timeOf(table.time), values: (table.values ?? []).map(valueAt) };
  const lists = (table.lists ?? []).map(({ path, time, values }) => ({
    members: membersOf(path),
    state: { time: timeOf(time), values: values.map(valueAt) },
  }));
  const events = (table.events ?? []).map(({ path, is, event }) => ({ members: membersOf(path), is, event }));

  return (value, receivedAt) => {
    const moments = new Moments();
    const rejections: Rejection[] = [];
    const event = events.find(({ members, is }) => meets(memberAt(value, members), is))?.event;
    let isThere = readState(own, value, receivedAt, [], moments, rejections);
    for (const { members, state } of lists) {
      const list = memberAt(value, members);
      if (list === undefined || list === null) continue;
      isThere = true;
      if (!Array.isArray(list) || list.length > mostEntries) {
        const found = Array.isArray(list) ? `has ${list.length} entries` : 'is no list';
        rejections.push(
          reject(
            'decode',
            Array.isArray(list) ? 'too_large' : 'invalid_value',
            `${members.join('.')} ${found}; expected a list of at most ${mostEntries}`,
            pointerOf(members),
          ),
        );
        continue;
      }
      for (const [i, entry] of (list as unknown[]).entries())
        readState(state, entry, receivedAt, [...members, String(i)], moments, rejections);
    }
    const values = moments.records();
    if (values.length > 0 || rejections.length > 0) return { values, rejections };
    if (event !== undefined) return { values, rejections, event };
    // Everything that is there says "no value now".
    if (isThere) return { values, rejections, event: 'empty' };
    const paths = [...own.values, ...lists].map(({ members }) => members.join('.')).slice(0, 20);
    return refused(reject('decode', 'missing_field', `the message holds none of ${paths.join(', ')}`));
  };
}

/** Whether any of its paths is there. */
function readState(
  state: State,
  value: unknown,
  receivedAt: Instant,
  at: readonly string[],
  moments: Moments,
  rejections: Rejection[],
): boolean {
  const given = state.time === undefined ? undefined : memberAt(value, state.time);
  const observedAt = given === undefined || given === null ? receivedAt : deviceInstant(given);
  let isThere = false;
  for (const { members, json, range, quantity } of state.values) {
    const raw = memberAt(value, members);
    if (raw === undefined) continue;
    isThere = true;
    if (observedAt === undefined) continue;
    const read = json(raw);
    const pointer = pointerOf([...at, ...members]);
    if (typeof read === 'object') rejections.push(reject('decode', read.code, read.message, pointer));
    else if (read !== undefined && range !== undefined && !(read >= range[0] && read <= range[1])) {
      rejections.push(reject('decode', 'invalid_value', `${quantity} is ${read}; expected ${range[0]} to ${range[1]}`, pointer));
    } else if (read !== undefined) moments.add(quantity, read, observedAt);
  }
  if (isThere && observedAt === undefined) {
    const message = `the time is ${JSON.stringify(given).slice(0, 80)}; expected ISO 8601 with Z or offset, or Unix time, of a clock that was set`;
    rejections.push(reject('decode', 'invalid_time', message, pointerOf([...at, ...(state.time ?? [])])));
  }
  return isThere;
}

function meets(found: unknown, is: readonly Scalar[] | undefined): boolean {
  if (found === undefined) return false;
  return is === undefined || is.some((one) => one === found || String(one) === String(found));
}

function timeOf(path: string | undefined): readonly string[] | undefined {
  return path === undefined ? undefined : membersOf(path);
}

function valueAt(rule: JsonValueRule): ValueAt {
  return { ...valueReader(rule), members: membersOf(rule.path) };
}
