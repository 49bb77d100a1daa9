import { eventField, numberField, type FrameField } from '#core';

function both(first: FrameField, second: FrameField): FrameField {
  return {
    length: first.length + second.length,
    read(report, offset, at) {
      first.read?.(report, offset, at);
      second.read?.(report, offset + first.length, at);
    },
  };
}

const temperature = numberField('airTemperature', 'int16', 10, [-50, 100]);
const humidity = numberField('relativeHumidity', 'uint8', 200, [0, 1]);
const light = numberField('illuminance', 'uint16', 1);
/** Of a door the report says whether it is closed, the alarm that it is open. */
const door: FrameField = {
  length: 1,
  read: (report, offset, at) => report.measured('doorOpen', 1 - report.view.getUint8(offset), [0, 1], at),
};
const doorAlarm = numberField('doorOpen', 'uint8', 1, [0, 1]);
const tamper = numberField('tamperAlarm', 'uint8', 1, [0, 1]);

/** Channel → what its report says. */
export const reports: Readonly<Record<number, FrameField>> = {
  0: eventField(0, 'empty'),
  1: numberField('batteryLevel', 'uint8', 100, [0, 1]),
  2: temperature,
  3: eventField(1, 'alarm'),
  4: temperature,
  5: eventField(1, 'alarm'),
  6: humidity,
  7: light,
  8: light,
  9: door,
  10: doorAlarm,
  11: tamper,
  12: tamper,
  13: eventField(1, 'flood'),
  14: numberField('waterLeak', 'uint8', 1, [0, 1]),
  15: eventField(1, 'oil'),
  16: eventField(1, 'switch'),
  17: eventField(2, 'door-count'),
  18: numberField('presence', 'uint8', 1, [0, 1]),
  19: eventField(2, 'proximity'),
  20: eventField(2, 'proximity'),
  21: eventField(1, 'proximity'),
  22: eventField(1, 'disinfection'),
  80: both(humidity, temperature),
  81: both(humidity, temperature),
  82: both(door, temperature),
  110: eventField(8, 'check-in'),
  112: eventField(2, 'capacitance'),
  113: eventField(2, 'capacitance'),
  114: eventField(2, 'capacitance'),
};
