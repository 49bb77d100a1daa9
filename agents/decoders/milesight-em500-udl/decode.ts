import { deviceInstant, refused, reject, type Outcome, type Rejection, type Uplink } from '#core';

import { channel, describeChannel } from './channels.ts';
import type { Em500UdlRecord } from './record.ts';

/** Both models measure at most 10 m; 0 is no echo, not water at the sensor. */
const farthestMm = 10_000;

interface Draft {
  batteryLevel?: number;
  distance?: number;
}

/**
 * Channel id, type and value in a row, little-endian: battery uint8 %, distance uint16 mm, history uint32 Unix seconds + uint16 mm.
 * Boot and configuration frames are events. Refuses `truncated_frame` (the whole frame), `unknown_frame` (what follows an unknown
 * channel), `invalid_value`, `invalid_time` and, for the alarm channel, `unsupported_unit`: the vendor's documents leave its scale open.
 */
export function decode(uplink: Uplink): Outcome<Em500UdlRecord> & { readonly event?: string } {
  if (uplink.body.kind !== 'frame') return refused(reject('decode', 'unknown_frame', `expected a binary frame, got ${uplink.body.kind}`));
  const { bytes } = uplink.body;
  if (bytes.length === 0) return refused(reject('decode', 'truncated_frame', 'the frame is empty; expected channels'));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rejections: Rejection[] = [];
  const history: Em500UdlRecord[] = [];
  const now: Draft = {};
  let event: 'boot' | 'configuration' | undefined;

  for (let i = 0; i < bytes.length;) {
    const id = view.getUint8(i);
    const type = i + 1 < bytes.length ? view.getUint8(i + 1) : undefined;
    const known = type === undefined ? undefined : describeChannel(id, type);
    if (type === undefined || (known !== undefined && i + 2 + known.length > bytes.length)) {
      return refused(reject('decode', 'truncated_frame', `the frame of ${bytes.length} bytes ends within the channel at byte ${i}`));
    }
    if (known === undefined) {
      rejections.push(reject('decode', 'unknown_frame', `channel ${hex(id)} ${hex(type)} at byte ${i} is not one of the EM500-UDL`));
      break;
    }
    if (known.kind === 'telemetry') readChannel(id * 256 + type, view, i + 2, now, history, rejections);
    else event = event ?? known.kind;
    i += 2 + known.length;
  }

  const values =
    now.batteryLevel === undefined && now.distance === undefined ? history : [...history, { observedAt: uplink.receivedAt, ...now }];
  return event !== undefined && values.length === 0 ? { values, rejections, event } : { values, rejections };
}

function readChannel(at: number, view: DataView, offset: number, now: Draft, history: Em500UdlRecord[], rejections: Rejection[]): void {
  if (at === channel.battery) {
    const percent = view.getUint8(offset);
    if (percent <= 100) now.batteryLevel = percent / 100;
    else rejections.push(reject('decode', 'invalid_value', `the battery is ${percent} %; expected 0 to 100`));
  } else if (at === channel.distance) {
    const distance = metres(view.getUint16(offset, true), rejections);
    if (distance !== undefined) now.distance = distance;
  } else if (at === channel.history) {
    const seconds = view.getUint32(offset, true);
    const observedAt = deviceInstant(seconds);
    const distance = metres(view.getUint16(offset + 4, true), rejections);
    if (observedAt === undefined)
      rejections.push(reject('decode', 'invalid_time', `a history entry is stamped ${seconds}; the device clock is not set`));
    else if (distance !== undefined) history.push({ observedAt, distance });
  } else {
    const message = 'the distance of an alarm (channel 83 e9) is not read: its scale is not documented; the periodic frames carry it in mm';
    rejections.push(reject('decode', 'unsupported_unit', message));
  }
}

function metres(millimetres: number, rejections: Rejection[]): number | undefined {
  if (millimetres >= 1 && millimetres <= farthestMm) return millimetres / 1000;
  rejections.push(reject('decode', 'invalid_value', `the distance is ${millimetres} mm; expected 1 to ${farthestMm}`));
  return undefined;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
