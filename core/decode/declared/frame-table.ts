import { headerOf, readFrameFields, type FrameField } from '../frame-fields.ts';
import { hasLength, type FrameReport } from '../frame.ts';
import type { ChannelTable, FrameRule } from './declaration.ts';
import { cursorAt, moment, readValues, steps, type Step } from './layout.ts';
import { condition } from './number.ts';

interface FrameKind {
  readonly ports: readonly number[] | undefined;
  holds(view: DataView): boolean;
  fits(length: number): boolean;
  read(report: FrameReport): void;
}

/**
 * Reads frames as a table describes them. Refuses `unknown_frame` for a port, a kind, a channel or bytes that are not in the table,
 * `truncated_frame` for a frame that ends too early (nothing of it counts), `invalid_value` and `invalid_time` for single values.
 */
export function frameTable(rules: readonly FrameRule[], usuallyLittle: boolean): (report: FrameReport) => void {
  const kinds = rules.map((rule) => frameKind(rule, usuallyLittle));
  const ports = [...new Set(kinds.flatMap(({ ports }) => ports ?? []))].sort((a, b) => a - b);
  return (report) => {
    const onPort = kinds.filter((kind) => kind.ports === undefined || kind.ports.includes(report.fPort));
    if (onPort.length === 0) {
      report.refuse('unknown_frame', `application port ${report.fPort} is none of this device; expected ${ports.join(' or ')}`);
      return;
    }
    const alike = onPort.filter((kind) => kind.holds(report.view));
    // Where none has the length, the only one that is meant says what is wrong with it.
    const kind = alike.find(({ fits }) => fits(report.length)) ?? (alike.length === 1 ? alike[0] : undefined);
    if (kind === undefined) report.refuse('unknown_frame', `a frame of ${report.length} bytes of this kind is not in the description`);
    else kind.read(report);
  };
}

function frameKind(rule: FrameRule, usuallyLittle: boolean): FrameKind {
  const { fPort, length, event, fields, channels, time } = rule;
  const [least, most] = typeof length === 'number' ? [length, length] : (length ?? [1, Infinity]);
  const timed = time === undefined ? undefined : moment(time, usuallyLittle);
  const inside = steps(fields ?? [], usuallyLittle);
  const passesOver = rule.moreBytes ?? (fields === undefined && time === undefined);
  const tlv = channels === undefined ? undefined : channelReader(channels, usuallyLittle);
  return {
    ports: fPort === undefined ? undefined : [fPort].flat(),
    holds: (
      (holds) => (view: DataView) =>
        holds(view, 0)
    )(condition(rule.when, usuallyLittle)),
    fits: (bytes) => bytes >= least && bytes <= most,
    read(report) {
      if (report.length < least && !hasLength(report, least, 'or more')) return;
      if (report.length > most && !hasLength(report, most)) return;
      if (event !== undefined) report.event(event);
      if (tlv !== undefined) {
        tlv(report);
        return;
      }
      const cursor = cursorAt(report, 0);
      const missing = timed?.(cursor) ?? inside(cursor);
      if (missing !== undefined) {
        report.refuse('truncated_frame', `the frame of ${report.length} bytes ends within the field at byte ${missing}`);
      } else if (passesOver || hasLength(report, cursor.end)) readValues(cursor);
    },
  };
}

function channelReader({ start = 0, headerBytes, list }: ChannelTable, usuallyLittle: boolean): (report: FrameReport) => void {
  const channels = Object.entries(list).map(([header, channel]): [string[], FrameField] => [
    header.toLowerCase().split(' '),
    channelField(channel, usuallyLittle),
  ]);
  const exact = new Map(
    channels.filter(([digits]) => !digits.includes('*')).map(([digits, field]) => [parseInt(digits.join(''), 16), field]),
  );
  const wild = channels.filter(([digits]) => digits.includes('*'));
  return (report) => {
    readFrameFields(report, {
      start,
      headerBytes,
      fieldAt(offset) {
        let key = 0;
        for (let i = 0; i < headerBytes; i++) key = key * 256 + report.view.getUint8(offset + i);
        const field = exact.get(key);
        if (field !== undefined || wild.length === 0) return field;
        const bytes = headerOf(report.view, offset, headerBytes).split(' ');
        return wild.find(([digits]) => digits.every((digit, i) => digit === '*' || digit === bytes[i]))?.[1];
      },
      nameAt: (offset) => `channel ${headerOf(report.view, offset, headerBytes)}`,
    });
  };
}

function channelField({ event, time, fields }: ChannelTable['list'][string], usuallyLittle: boolean): FrameField {
  const timed = time === undefined ? undefined : moment(time, usuallyLittle);
  const inside = steps(fields ?? [], usuallyLittle);
  const all: Step = (cursor) => timed?.(cursor) ?? inside(cursor);
  return {
    length: 0,
    lengthAt(view, offset) {
      const cursor = cursorAt({ ...silent, view, length: view.byteLength }, offset);
      // Beyond the end is more than the frame has: it is truncated.
      return all(cursor) === undefined ? cursor.end - offset : view.byteLength;
    },
    read(report, offset) {
      if (event !== undefined) report.event(event);
      const cursor = cursorAt(report, offset);
      all(cursor);
      readValues(cursor);
    },
  };
}

/** While lengths are found out nothing is taken. */
const silent: Omit<FrameReport, 'view' | 'length'> = {
  fPort: 0,
  receivedAt: '2000-01-01T00:00:00.000Z',
  measured: () => undefined,
  refuse: () => undefined,
  event: () => undefined,
  about: () => undefined,
  clock: () => undefined,
};
