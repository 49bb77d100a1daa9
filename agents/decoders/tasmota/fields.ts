import type { FieldTable } from '#core';

export interface Units {
  readonly temperature: string;
  readonly pressure: string;
}

/** Names whose meaning depends on the sensor, by the beginning of its name. */
const special: readonly (readonly [sensor: RegExp, table: FieldTable])[] = [
  [/^(?:SR04|HC-?SR04|JSN|MAXSONAR)/i, { Distance: ['distance', 'cm'] }],
  [/^(?:VL53L|TOF|HRXL|DYP)/i, { Distance: ['distance', 'mm'] }],
  [/^Flora/i, { Humidity: ['soilMoisture', '%'], Moisture: ['soilMoisture', '%'], Illuminance: ['illuminance', 'lx'] }],
  [/^ZbReceived$/, { BatteryPercentage: ['batteryLevel', '%'], Occupancy: ['presence', '0/1'], Humidity: ['relativeHumidity', '%'] }],
  [/^LwReceived$/, { Battery: ['batteryVoltage', 'V'], DoorOpen: ['doorOpen', '0/1'], RSSI: ['rssi', 'dBm'], SNR: ['snr', 'dB'] }],
  [/^Wifi$/, { Signal: ['rssi', 'dBm'] }],
  [/^ENERGY$/, energyTable()],
];

/** What a sensor's fields mean: first by its own names, then by those that all sensors share. */
export function tableOf(sensor: string, units: Units): FieldTable {
  const own = special.find(([pattern]) => pattern.test(sensor))?.[1];
  const isOnTop = /^(?:Flora|ZbReceived)/i.test(sensor);
  if (own !== undefined && !isOnTop) return own;
  const shared: FieldTable = {
    Temperature: ['airTemperature', units.temperature],
    Humidity: ['relativeHumidity', '%'],
    DewPoint: ['dewPoint', units.temperature],
    Pressure: ['atmosphericPressure', units.pressure],
    CarbonDioxide: ['co2', 'ppm'],
    eCO2: ['co2', 'ppm'],
    PM1: ['pm1', 'µg/m³'],
    'PM2.5': ['pm25', 'µg/m³'],
    PM10: ['pm10', 'µg/m³'],
    Battery: ['batteryLevel', '%'],
    ...(/^ZbReceived/.test(sensor) ? {} : { Illuminance: ['illuminance', 'lx'] as const }),
  };
  return { ...shared, ...own };
}

function energyTable(): FieldTable {
  const figures: FieldTable = {
    Power: ['activePower', 'W'],
    ApparentPower: ['apparentPower', 'VA'],
    ReactivePower: ['reactivePower', 'var'],
    Factor: ['powerFactor', '0..1'],
    Voltage: ['voltage', 'V'],
    Current: ['current', 'A'],
    Total: ['activeEnergyImport', 'kWh'],
    ExportActive: ['activeEnergyExport', 'kWh'],
  };
  const phases = Object.entries(figures).flatMap(([name, [quantity, unit]]) =>
    ['L1', 'L2', 'L3'].map((phase): [string, readonly [string, string]] => [name + phase, [quantity + phase, unit]]),
  );
  return { ...figures, Frequency: ['frequency', 'Hz'], ...Object.fromEntries(phases) };
}
