import { readNumber, sizeOf, type FrameReport, type NumberType } from '#core';

interface ElsysType {
  /** Bytes of the value. */
  readonly length: number;
  read(report: FrameReport, offset: number): void;
}

function number(quantity: string, type: NumberType, divisor: number, range?: readonly [number, number]): ElsysType {
  return {
    length: sizeOf[type],
    read: (report, offset) => report.measured(quantity, readNumber(report.view, offset, type) / divisor, range),
  };
}

function passedOver(length: number, event: string): ElsysType {
  return { length, read: (report) => report.event(event) };
}

/** 2 somebody, 0 nobody; 1 is neither. */
const occupancy: ElsysType = {
  length: 1,
  read(report, offset) {
    const state = report.view.getUint8(offset);
    if (state === 1) report.event('occupancy-pending');
    else report.measured('presence', state / 2, [0, 1]);
  },
};

const sound: ElsysType = {
  length: 2,
  read(report, offset) {
    report.measured('soundLevelPeak', report.view.getUint8(offset), [0, 160]);
    report.measured('soundLevel', report.view.getUint8(offset + 1), [0, 160]);
  },
};

/** First the housing, then what it looks at. */
const infrared: ElsysType = {
  length: 4,
  read: (report, offset) => report.measured('surfaceTemperature', report.view.getInt16(offset + 2) / 10, [-70, 400]),
};

/** Types of the payload description. */
export const types: Readonly<Record<number, ElsysType>> = {
  0x01: number('airTemperature', 'int16', 10, [-60, 125]),
  0x02: number('relativeHumidity', 'uint8', 100, [0, 1]),
  0x03: passedOver(3, 'acceleration'),
  0x04: number('illuminance', 'uint16', 1),
  0x05: number('motionCount', 'uint8', 1),
  0x06: number('co2', 'uint16', 1, [300, 40_000]),
  0x07: number('batteryVoltage', 'uint16', 1000),
  0x08: passedOver(2, 'analogue'),
  0x09: passedOver(6, 'location'),
  0x0a: number('pulseCount', 'uint16', 1),
  0x0b: number('pulseTotal', 'uint32', 1),
  0x0c: number('probeTemperature', 'int16', 10, [-200, 850]),
  0x0d: number('digitalInput', 'uint8', 1, [0, 1]),
  0x0e: number('distance', 'uint16', 1000, [0.001, 20]),
  0x0f: passedOver(1, 'acceleration'),
  0x10: infrared,
  0x11: occupancy,
  0x12: { length: 1, read: (report, offset) => report.measured('waterLeak', report.view.getUint8(offset) === 0 ? 0 : 1) },
  0x13: passedOver(65, 'heat-picture'),
  0x14: number('atmosphericPressure', 'int32', 1000, [260, 1260]),
  0x15: sound,
  0x16: passedOver(2, 'second-input'),
  0x17: passedOver(4, 'second-input'),
  0x18: passedOver(2, 'analogue'),
  0x19: passedOver(2, 'second-probe'),
  0x1a: passedOver(1, 'second-input'),
  0x1b: passedOver(4, 'analogue'),
  0x1c: number('tvocFraction', 'uint16', 1),
  0x3d: passedOver(4, 'debug'),
};
