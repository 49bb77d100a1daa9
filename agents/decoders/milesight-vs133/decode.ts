import {
  milesightNumber,
  readMilesight,
  type FrameField,
  type FrameOutcome,
  type FrameReport,
  type MilesightChannels,
  type Uplink,
} from '#core';

const counter = [0, 4_294_967_295] as const;

/** What the counted numbers of a channel are, by channel id; a history entry names the same id. */
function fieldsOf(id: number): FrameField | undefined {
  if (id === 0x0f)
    return { length: 4, read: (report, offset, at) => [1, 2, 3, 4].forEach((i) => region(i).read?.(report, offset + i - 1, at)) };
  if (id < 0x03 || id > 0x0e) return undefined;
  const line = Math.floor(id / 3);
  const suffix = line === 1 ? '' : `Line${line}`;
  if (id % 3 === 0) return milesightNumber(`peopleInTotal${suffix}`, 'uint32', 1, counter);
  if (id % 3 === 1) return milesightNumber(`peopleOutTotal${suffix}`, 'uint32', 1, counter);
  const [into, out] = ['In', 'Out'].map((way) => milesightNumber(`people${way}${suffix}`, 'uint16', 1, counter));
  return {
    length: 4,
    read(report, offset, at) {
      into?.read?.(report, offset, at);
      out?.read?.(report, offset + 2, at);
    },
  };
}

function region(i: number): FrameField {
  return milesightNumber(`peopleInRegion${i}`, 'uint8', 1, [0, 255]);
}

/** Children are within the other counts; how long people stay and alarms of the lens are not taken. */
const passedOver: readonly (readonly [id: number, type: number, length: number, event: string])[] = [
  [0x1d, 0xe3, 4, 'children'],
  [0x10, 0xe4, 5, 'dwell'],
  [0x1e, 0xe4, 5, 'dwell'],
  [0x50, 0xfc, 3, 'alarm'],
  ...[0, 3, 6, 9].flatMap((i) => [
    [0x11 + i, 0xd2, 4, 'children'] as const,
    [0x12 + i, 0xd2, 4, 'children'] as const,
    [0x13 + i, 0xcc, 4, 'children'] as const,
  ]),
];

/** Kinds of history entries that say how long people stay (a region and uint16), and those of children. */
const dwell: ReadonlySet<number> = new Set([0x10, 0x20, 0x1e, 0x3c]);
const isOfChildren = (kind: number): boolean => kind >= 0x11 && kind <= 0x1d;

/** uint32 Unix seconds, kind, value: the bytes of a kind that is not documented are not known, hence it ends the frame. */
const history: FrameField = {
  length: 8,
  lengthAt(view, offset) {
    const kind = view.getUint8(offset + 4);
    if (dwell.has(kind)) return 8;
    return fieldsOf(kind) === undefined && !isOfChildren(kind) ? view.byteLength - offset : 9;
  },
  read(report, offset) {
    const kind = report.view.getUint8(offset + 4);
    const field = fieldsOf(kind);
    if (dwell.has(kind) || isOfChildren(kind)) report.event('history');
    else if (field === undefined) report.refuse('unknown_frame', `a history entry is of kind ${kind}, which the VS133 does not have`);
    else {
      const at = report.clock(report.view.getUint32(offset, true));
      if (at !== undefined) field.read?.(report, offset + 5, at);
    }
  },
};

const channels: MilesightChannels = Object.fromEntries([
  ...[0x03, 0x04, 0x06, 0x07, 0x09, 0x0a, 0x0c, 0x0d].map((id) => [id * 256 + 0xd2, fieldsOf(id)]),
  ...[0x05, 0x08, 0x0b, 0x0e].map((id) => [id * 256 + 0xcc, fieldsOf(id)]),
  [0x0fe3, fieldsOf(0x0f)],
  ...passedOver.map(([id, type, length, event]) => [id * 256 + type, { length, read: (report: FrameReport) => report.event(event) }]),
  [0x20ce, history],
]);

/** Payload definition of the VS133: counters, counts of the period and people in regions of up to four lines. Refusals as `readMilesight`. */
export function decode(uplink: Uplink): FrameOutcome {
  return readMilesight(uplink, channels);
}
