import {
  milesightHistory,
  milesightNumber,
  milesightPosition,
  milesightTemperature,
  readMilesight,
  type FrameOutcome,
  type FrameReport,
  type Instant,
  type MilesightChannels,
  type Uplink,
} from '#core';

/** What the device writes where it has no value (payload definition, "Historical Data"). */
const causes: Readonly<Record<number, string>> = { 0xfffd: 'no target', 0xfffe: 'the sensor is switched off', 0xffff: 'the sensor failed' };

const plainDistance = milesightNumber('distance', 'int16', 1000, [0.001, 32.767]);

function unlessCause(name: string, field: typeof plainDistance): typeof plainDistance {
  return {
    length: field.length,
    read(report: FrameReport, offset: number, at?: Instant) {
      const cause = causes[report.view.getUint16(offset, true)];
      if (cause === undefined) field.read?.(report, offset, at);
      else report.refuse('invalid_value', `there is no ${name}: ${cause}`);
    },
  };
}

const distance = unlessCause('distance', plainDistance);
// In the plain channel −0.1 °C and −0.3 °C are written like causes: there the number counts.
const historyTemperature: typeof distance = {
  length: 2,
  read(report, offset, at) {
    const code = report.view.getUint16(offset, true);
    if (code >= 0xfffe) report.refuse('invalid_value', `there is no temperature: ${causes[code]}`);
    else milesightTemperature.read?.(report, offset, at);
  },
};

const channels: MilesightChannels = {
  0x0367: milesightTemperature,
  0x0482: distance,
  0x0500: milesightPosition,
  // Strength of the echo, 0.01 dB: of the device, not of the water.
  0x06c7: { length: 2, read: (report) => report.event('signal') },
  0x8482: { ...distance, length: 3 },
  0x9482: { ...distance, length: 5 },
  0xb482: {
    length: 3,
    read(report, offset) {
      const exception = report.view.getUint8(offset + 2);
      if (exception === 0) distance.read?.(report, offset);
      else report.refuse('invalid_value', `there is no distance: ${exceptions[exception] ?? `exception ${exception}`}`);
    },
  },
  0x20ce: milesightHistory(distance, historyTemperature, { length: 3 }),
};

const exceptions: Readonly<Record<number, string>> = { 1: 'the target is in the blind zone', 2: 'no target', 3: 'the sensor failed' };

/** Payload definition of the EM410-RDL: distance int16 mm, history with distance, temperature, change and events. Refusals as `readMilesight`. */
export function decode(uplink: Uplink): FrameOutcome {
  return readMilesight(uplink, channels);
}
