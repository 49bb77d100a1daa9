import { deviceClock, hasLength, readFrame, type FrameOutcome, type FrameReport, type Instant, type Uplink } from '#core';

import { readExternal } from './external.ts';

const bytesOfEntry = 11;
/** A clock that was never set counts from 1970. */
const neverSet = 5 * 365 * 24 * 3600;

/**
 * Application port 2: battery, built-in sensor, external sensor by its kind; 3: stored entries with their own Unix seconds; 5: device
 * information with the battery. Big-endian. Refuses `unknown_frame` for other ports, kinds and lengths, `truncated_frame`, `invalid_time`.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const { fPort, view } = report;
    if (fPort === 5) {
      if (hasLength(report, 7)) report.measured('batteryVoltage', view.getUint16(5) / 1000, [1, 5]);
    } else if (fPort === 3 || (fPort === 2 && isStored(report))) readStored(report);
    else if (fPort !== 2) report.refuse('unknown_frame', `application port ${fPort} is none of an LHT65N; expected 2, 3 or 5`);
    else if (report.length === 15 || hasLength(report, bytesOfEntry)) readLive(report);
  });
}

/** Entries that were asked for (bit 6) or are sent again after a lost connection (bit 7) come on port 2 too. */
function isStored({ length, receivedAt, view }: FrameReport): boolean {
  if (length % bytesOfEntry !== 0) return false;
  const status = view.getUint8(6) >> 6;
  // Bit 7 alone may also say that no probe is connected: then there is no clock, neither a good one nor one that was never set.
  const seconds = view.getUint32(7);
  return status === 1 || status === 3 || (status === 2 && (seconds < neverSet || deviceClock(seconds, receivedAt) !== undefined));
}

function readStored(report: FrameReport): void {
  const { view } = report;
  if (report.length % bytesOfEntry !== 0) {
    report.refuse('unknown_frame', `stored entries have ${bytesOfEntry} bytes each; the frame has ${report.length}`);
    return;
  }
  for (let i = 0; i < report.length; i += bytesOfEntry) {
    const at = report.clock(view.getUint32(i + 7));
    if (at === undefined) continue;
    readBuiltIn(report, i + 2, at);
    readExternal(report, view.getUint8(i + 6) & 0x0f, i, 'entry', at);
  }
}

/** External sensors that tell their number: what they measure stands where it always does. */
const numbered = { sht31: 0x10, tmp117: 0x20 };

/** Kind of the external sensor: bit 7 is its connection, bit 4 beside another kind the button. */
function kindOf(status: number): number {
  const kind = status & 0x7f;
  return kind > 0x10 && kind < 0x20 ? kind & 0x0f : kind;
}

function readLive(report: FrameReport): void {
  const { view } = report;
  const kind = kindOf(view.getUint8(6));
  const isConnected = (view.getUint8(6) & 0x80) === 0;
  if (kind === 0x09 || kind === 0x0a) {
    const at = deviceClock(view.getUint32(7), report.receivedAt) ?? report.receivedAt;
    readBuiltIn(report, 2, at);
    if (isConnected) readExternal(report, kind, 0, 'entry', at);
    return;
  }
  report.measured('batteryVoltage', (view.getUint16(0) & 0x3fff) / 1000);
  // Frames that tell the number of a probe have it where the built-in sensor stands.
  if (kind === 0x0f) return;
  const tellsNumber = kind === numbered.sht31 || kind === numbered.tmp117;
  if (kind !== 0x0e && !tellsNumber) readBuiltIn(report, 2, report.receivedAt);
  if (isConnected) readExternal(report, kind, 7, 'live', report.receivedAt);
}

/** int16 hundredths of °C (327.67 is no sensor), uint16 whose low 12 bits are tenths of a percent. */
function readBuiltIn(report: FrameReport, offset: number, at: Instant): void {
  const hundredths = report.view.getInt16(offset);
  if (hundredths === 0x7fff) {
    report.refuse('invalid_value', 'the built-in sensor does not answer (327.67 °C)');
    return;
  }
  report.measured('airTemperature', hundredths / 100, [-45, 125], at);
  report.measured('relativeHumidity', (report.view.getUint16(offset + 2) & 0xfff) / 1000, [0, 1], at);
}
