import { eventField, numberField, type FrameField } from '#core';

/** 2 somebody, 0 nobody; 1 is neither. */
const occupancy: FrameField = {
  length: 1,
  read(report, offset) {
    const state = report.view.getUint8(offset);
    if (state === 1) report.event('occupancy-pending');
    else report.measured('presence', state / 2, [0, 1]);
  },
};

const sound: FrameField = {
  length: 2,
  read(report, offset) {
    report.measured('soundLevelPeak', report.view.getUint8(offset), [0, 160]);
    report.measured('soundLevel', report.view.getUint8(offset + 1), [0, 160]);
  },
};

/** First the housing, then what it looks at. */
const infrared: FrameField = {
  length: 4,
  read: (report, offset) => report.measured('surfaceTemperature', report.view.getInt16(offset + 2) / 10, [-70, 400]),
};

/** Types of the payload description. */
export const types: Readonly<Record<number, FrameField>> = {
  0x01: numberField('airTemperature', 'int16', 10, [-60, 125]),
  0x02: numberField('relativeHumidity', 'uint8', 100, [0, 1]),
  0x03: eventField(3, 'acceleration'),
  0x04: numberField('illuminance', 'uint16', 1),
  0x05: numberField('motionCount', 'uint8', 1),
  0x06: numberField('co2', 'uint16', 1, [300, 40_000]),
  0x07: numberField('batteryVoltage', 'uint16', 1000),
  0x08: eventField(2, 'analogue'),
  0x09: eventField(6, 'location'),
  0x0a: numberField('pulseCount', 'uint16', 1),
  0x0b: numberField('pulseTotal', 'uint32', 1),
  0x0c: numberField('probeTemperature', 'int16', 10, [-200, 850]),
  0x0d: numberField('digitalInput', 'uint8', 1, [0, 1]),
  0x0e: numberField('distance', 'uint16', 1000, [0.001, 20]),
  0x0f: eventField(1, 'acceleration'),
  0x10: infrared,
  0x11: occupancy,
  0x12: { length: 1, read: (report, offset) => report.measured('waterLeak', report.view.getUint8(offset) === 0 ? 0 : 1) },
  0x13: eventField(65, 'heat-picture'),
  0x14: numberField('atmosphericPressure', 'int32', 1000, [260, 1260]),
  0x15: sound,
  0x16: eventField(2, 'second-input'),
  0x17: eventField(4, 'second-input'),
  0x18: eventField(2, 'analogue'),
  0x19: eventField(2, 'second-probe'),
  0x1a: eventField(1, 'second-input'),
  0x1b: eventField(4, 'analogue'),
  0x1c: numberField('tvocFraction', 'uint16', 1),
  0x3d: eventField(4, 'debug'),
};
