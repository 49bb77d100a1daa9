import { deviceClock, headerOf, readFrame, readFrameFields, type FrameOutcome, type FrameReport, type Uplink } from '#core';

import { types, type LppType } from './types.ts';

const unixTime = types[0x85];

/**
 * Channel, type and value in a row, big-endian; a Unix time among them is the moment of the others when it can be trusted. The application
 * port is not checked. Refuses `truncated_frame` (the whole frame), `unknown_frame` (what follows an unknown type) and
 * `unmapped_quantity`, once, for types that may mean anything. Two channels of one type give two readings.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, readFields);
}

function readFields(report: FrameReport): void {
  const { view } = report;
  const found: { readonly type: LppType; readonly offset: number; readonly channel: number }[] = [];
  let at = report.receivedAt;
  readFrameFields(report, {
    headerBytes: 2,
    fieldAt(header) {
      const type = types[view.getUint8(header + 1)];
      return type === undefined
        ? undefined
        : { length: type.length, read: (_, offset) => found.push({ type, offset, channel: view.getUint8(header) }) };
    },
    nameAt: (offset) => `type ${headerOf(view, offset + 1, 1)}`,
  });
  const values: [string, number][] = [];
  const unmapped: string[] = [];
  for (const { type, offset, channel } of found) {
    if (type.quantity !== undefined) values.push([type.quantity, type.read(view, offset)]);
    else if (type.meansAnything === true) unmapped.push(`${type.name} (channel ${channel})`);
    else report.event(type.name);
    if (type === unixTime) at = deviceClock(view.getUint32(offset), report.receivedAt) ?? at;
  }
  // The moment may stand behind the values that it belongs to.
  for (const [quantity, value] of values) report.measured(quantity, value, ranges[quantity], at);
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
