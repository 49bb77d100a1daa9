import { deviceClock, readFrame, type FrameOutcome, type FrameReport, type Uplink } from '#core';

import { types } from './types.ts';

const unixTime = 0x85;

/**
 * Channel, type and value in a row, big-endian; a Unix time among them is the moment of the others when it can be trusted. The application
 * port is not checked. Refuses `truncated_frame` (the whole frame), `unknown_frame` (what follows an unknown type), `invalid_value` for a
 * quantity that two channels give differently, and `unmapped_quantity`, once, for types that may mean anything.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, readFields);
}

function readFields(report: FrameReport): void {
  const { length, view } = report;
  const found: { readonly type: number; readonly offset: number; readonly name: string }[] = [];
  let at = report.receivedAt;
  for (let i = 0; i < length;) {
    const type = i + 2 <= length ? view.getUint8(i + 1) : undefined;
    const known = type === undefined ? undefined : types[type];
    const offset = i + 2;
    if (type === undefined || (known !== undefined && offset + known.length > length)) {
      report.refuse('truncated_frame', `the frame of ${length} bytes ends within the field at byte ${i}`);
      return;
    }
    if (known === undefined) {
      report.refuse('unknown_frame', `type 0x${type.toString(16).padStart(2, '0')} at byte ${i} is not one of Cayenne LPP`);
      break;
    }
    if (type === unixTime) at = deviceClock(view.getUint32(offset), report.receivedAt) ?? at;
    found.push({ type, offset, name: `${known.name} (channel ${view.getUint8(i)})` });
    i = offset + known.length;
  }
  const values = new Map<string, Set<number>>();
  const unmapped: string[] = [];
  for (const { type, offset, name } of found) {
    const known = types[type];
    if (known?.quantity === undefined) {
      if (known?.meansAnything === true) unmapped.push(name);
      else report.event(known?.name ?? 'empty');
    } else values.set(known.quantity, (values.get(known.quantity) ?? new Set()).add(known.read(view, offset)));
  }
  for (const [quantity, [value, ...others]] of values) {
    if (others.length > 0)
      report.refuse('invalid_value', `the frame gives ${quantity} on several channels with different values; expected one`);
    else if (value !== undefined) report.measured(quantity, value, ranges[quantity], at);
  }
  if (unmapped.length > 0) {
    report.refuse('unmapped_quantity', `what these mean only the maker of the device knows: ${unmapped.slice(0, 20).join(', ')}`);
  }
}

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  relativeHumidity: [0, 1],
  presence: [0, 1],
  digitalInput: [0, 1],
  airTemperature: [-100, 200],
};
