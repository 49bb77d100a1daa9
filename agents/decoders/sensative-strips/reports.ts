import { readNumber, sizeOf, type FrameReport, type Instant, type NumberType } from '#core';

interface StripsReport {
  /** Bytes of the value. */
  readonly length: number;
  read(report: FrameReport, offset: number, at: Instant): void;
}

function number(quantity: string, type: NumberType, divisor: number, range?: readonly [number, number]): StripsReport {
  return {
    length: sizeOf[type],
    read: (report, offset, at) => report.measured(quantity, readNumber(report.view, offset, type) / divisor, range, at),
  };
}

function both(first: StripsReport, second: StripsReport): StripsReport {
  return {
    length: first.length + second.length,
    read(report, offset, at) {
      first.read(report, offset, at);
      second.read(report, offset + first.length, at);
    },
  };
}

function passedOver(length: number, event: string): StripsReport {
  return { length, read: (report) => report.event(event) };
}

const temperature = number('airTemperature', 'int16', 10, [-50, 100]);
const humidity = number('relativeHumidity', 'uint8', 200, [0, 1]);
const light = number('illuminance', 'uint16', 1);
const door = number('doorOpen', 'uint8', 1, [0, 1]);
const tamper = number('tamperAlarm', 'uint8', 1, [0, 1]);

/** Channel → what its report says. */
export const reports: Readonly<Record<number, StripsReport>> = {
  0: passedOver(0, 'empty'),
  1: number('batteryLevel', 'uint8', 100, [0, 1]),
  2: temperature,
  3: passedOver(1, 'alarm'),
  4: temperature,
  5: passedOver(1, 'alarm'),
  6: humidity,
  7: light,
  8: light,
  9: door,
  10: door,
  11: tamper,
  12: tamper,
  13: passedOver(1, 'flood'),
  14: number('waterLeak', 'uint8', 1, [0, 1]),
  15: passedOver(1, 'oil'),
  16: passedOver(1, 'switch'),
  17: passedOver(2, 'door-count'),
  18: number('presence', 'uint8', 1, [0, 1]),
  19: passedOver(2, 'proximity'),
  20: passedOver(2, 'proximity'),
  21: passedOver(1, 'proximity'),
  22: passedOver(1, 'disinfection'),
  80: both(humidity, temperature),
  81: both(humidity, temperature),
  82: both(door, temperature),
  83: passedOver(2, 'capacitance'),
  84: passedOver(2, 'capacitance'),
  85: passedOver(2, 'capacitance'),
  110: passedOver(8, 'check-in'),
};
