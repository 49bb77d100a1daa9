import { hasLength, readFrame, type FrameOutcome, type FrameReport, type Uplink } from '#core';

import { fieldsOf, sizes, type Field } from './packets.ts';

/** HART unit codes of length → metres. */
const metres: Readonly<Record<number, number>> = { 44: 0.3048, 45: 1, 47: 0.0254, 49: 0.001 };

/** NAMUR NE 107: 0 good, 1 function check, 2 maintenance, 3 out of specification, 4 failure. */
const failure = 4;

/** Radar gauges of this series reach 30 m. */
const farthest = 35;

/**
 * The first byte names the packet, which says what fields follow (`packets.ts`); all big-endian. Distance float32 in its own unit, battery
 * uint8 %, temperature int16 in tenths of its own unit, inclination uint8 degrees. Refuses `unknown_frame` for another packet or too many
 * bytes, `truncated_frame`, `invalid_value` for NaN, a failed sensor or what it cannot measure, `unsupported_unit`.
 */
export function decode(uplink: Uplink): FrameOutcome {
  return readFrame(uplink, (report) => {
    const packet = report.view.getUint8(0);
    const fields = fieldsOf(packet);
    if (fields === undefined) {
      report.refuse('unknown_frame', `packet ${packet} is none of a VEGAPULS Air`);
      return;
    }
    if (fields === 'information') {
      report.event('device-information');
      return;
    }
    const offsets = new Map<Field, number>();
    let length = 1;
    for (const field of fields) {
      offsets.set(field, length);
      length += sizes[field];
    }
    if (!hasLength(report, length)) return;
    report.event('status');
    for (const [field, offset] of offsets) {
      if (field === 'distance') readDistance(report, offset, offsets.get('namur'));
      else if (field === 'battery') report.measured('batteryLevel', report.view.getUint8(offset) / 100, [0, 1]);
      else if (field === 'celsius' || field === 'temperature') readTemperature(report, offset, field);
      else if (field === 'inclination') report.measured('inclination', report.view.getUint8(offset), [0, 180]);
    }
  });
}

function readDistance(report: FrameReport, offset: number, namur: number | undefined): void {
  const distance = report.view.getFloat32(offset);
  const unit = report.view.getUint8(offset + 4);
  if (!Number.isFinite(distance)) report.refuse('invalid_value', 'there is no distance: the sensor has no echo');
  else if (namur !== undefined && report.view.getUint8(namur) === failure) {
    report.refuse('invalid_value', 'there is no distance: the sensor reports a failure (NAMUR NE 107)');
  } else if (metres[unit] === undefined) {
    report.refuse('unsupported_unit', `the unit of the distance is ${unit}; expected 44 (ft), 45 (m), 47 (in) or 49 (mm)`);
  } else report.measured('distance', Number((distance * metres[unit]).toPrecision(7)), [0, farthest]);
}

function readTemperature(report: FrameReport, offset: number, field: 'celsius' | 'temperature'): void {
  const tenths = report.view.getInt16(offset);
  const unit = field === 'celsius' ? 32 : report.view.getUint8(offset + 2);
  if (tenths === -32_768 || tenths === 32_767) return;
  if (unit !== 32 && unit !== 33) report.refuse('unsupported_unit', `the unit of the temperature is ${unit}; expected 32 (°C) or 33 (°F)`);
  else report.measured('airTemperature', unit === 32 ? tenths / 10 : Number(((tenths - 320) / 18).toPrecision(6)), [-60, 130]);
}
