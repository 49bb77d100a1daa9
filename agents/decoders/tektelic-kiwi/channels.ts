import { eventField, numberField, type FrameField } from '#core';

const soilThermistor: FrameField = {
  length: 2,
  read(report, offset) {
    const millivolts = report.view.getUint16(offset);
    if (millivolts === 0) report.refuse('invalid_value', 'the soil thermistor gives 0 mV; it is broken or not connected');
    else report.measured('soilTemperature', Number((-32.46 * Math.log(millivolts) + 236.36).toFixed(2)), [-40, 80]);
  },
};

/** Steps of the manual: below `under` Hz the tension is `kPa` − (Hz − `from`) · `slope`. */
const steps: readonly { readonly under: number; readonly kPa: number; readonly from: number; readonly slope: number }[] = [
  { under: 293, kPa: 200, from: 0, slope: 0 },
  { under: 485, kPa: 200, from: 293, slope: 0.5208 },
  { under: 600, kPa: 100, from: 485, slope: 0.2174 },
  { under: 770, kPa: 75, from: 600, slope: 0.1176 },
  { under: 1110, kPa: 55, from: 770, slope: 0.05884 },
  { under: 2820, kPa: 35, from: 1110, slope: 0.0117 },
  { under: 4330, kPa: 15, from: 2820, slope: 0.003974 },
  { under: 6430, kPa: 9, from: 4330, slope: 0.004286 },
];

const watermark: FrameField = {
  length: 2,
  read(report, offset) {
    const hertz = report.view.getUint16(offset);
    const step = steps.find(({ under }) => hertz < under);
    if (hertz === 0) report.event('not-connected');
    else report.measured('soilTension', step === undefined ? 0 : Number((step.kPa - (hertz - step.from) * step.slope).toFixed(2)));
  },
};

const batteryLeft: FrameField = {
  length: 1,
  read: (report, offset) => report.measured('batteryVoltage', (250 + (report.view.getUint8(offset) & 0x7f)) / 100),
};

/** Channel and type in one number. */
export const channels: Readonly<Record<number, FrameField>> = {
  0x00ff: numberField('batteryVoltage', 'int16', 100, [0, 10]),
  0x00ba: batteryLeft,
  0x0104: numberField('soilProbeFrequency', 'uint16', 1, [1, 65_535]),
  0x0202: soilThermistor,
  0x0302: eventField(2, 'analogue'),
  0x0402: eventField(2, 'analogue'),
  0x0367: numberField('probeTemperature', 'int16', 10, [-60, 150]),
  0x0467: eventField(2, 'second-probe'),
  0x0504: watermark,
  0x0604: eventField(2, 'second-probe'),
  0x0965: numberField('illuminance', 'uint16', 1),
  0x0900: eventField(1, 'alarm'),
  0x0a71: eventField(6, 'acceleration'),
  0x0a00: eventField(1, 'alarm'),
  0x0b67: numberField('airTemperature', 'int16', 10, [-50, 100]),
  0x0b68: numberField('relativeHumidity', 'uint8', 200, [0, 1]),
  0x0c67: eventField(2, 'processor'),
};
