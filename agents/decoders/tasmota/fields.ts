import type { FieldTable } from '#core';

export interface Units {
  readonly temperature: string;
  readonly pressure: string;
  readonly speed: string;
}

/** What the drivers of these sensors publish when nothing was measured: of a fault. */
const unplugged = [-127, 85];
const warmingUp = [0];

/** Names whose meaning depends on the sensor, by the beginning of its name. */
const special: readonly (readonly [sensor: RegExp, table: FieldTable])[] = [
  [/^(?:SR04|HC-?SR04|JSN|MAXSONAR|ME007|GY-US42)/i, { Distance: ['distance', 'cm'] }],
  [/^(?:VL53L|TOF|HRXL|DYP)/i, { Distance: ['distance', 'mm'] }],
  [/^VEML6075/, { UvIndex: ['uvIndex', 'index'] }],
  [
    /^SPS30/,
    { ...numbersOfParticles(), PM1_0: ['pm1', 'µg/m³'], PM2_5: ['pm25', 'µg/m³'], PM4_0: ['pm4', 'µg/m³'], PM10: ['pm10', 'µg/m³'] },
  ],
  [/^Flora/i, { Humidity: ['soilMoisture', '%'], Moisture: ['soilMoisture', '%'], Illuminance: ['illuminance', 'lx'] }],
  [
    /^ZbReceived$/,
    {
      BatteryVoltage: ['batteryVoltage', 'V'],
      BatteryPercentage: ['batteryLevel', '%'],
      Occupancy: ['presence', '0/1'],
      Humidity: ['relativeHumidity', '%'],
    },
  ],
  [/^LwReceived$/, { Battery: ['batteryVoltage', 'V'], DoorOpen: ['doorOpen', '0/1'], RSSI: ['rssi', 'dBm'], SNR: ['snr', 'dB'] }],
  [/^Wifi$/, { Signal: ['rssi', 'dBm'] }],
  [/^ENERGY$/, energyTable()],
];

/** What a sensor's fields mean: first by its own names, then by those that all sensors share. */
export function tableOf(sensor: string, units: Units): FieldTable {
  const own = special.find(([pattern]) => pattern.test(sensor))?.[1];
  const isOnTop = /^(?:Flora|ZbReceived)/i.test(sensor);
  if (own !== undefined && !isOnTop) return own;
  if (/^TX2\d/.test(sensor)) return windTable(units.speed);
  const isProbe = /^DS18[BS]20/.test(sensor) && units.temperature === '°C';
  const shared: FieldTable = {
    Temperature: isProbe ? ['airTemperature', units.temperature, unplugged] : ['airTemperature', units.temperature],
    Humidity: ['relativeHumidity', '%'],
    DewPoint: ['dewPoint', units.temperature],
    Pressure: ['atmosphericPressure', units.pressure],
    CarbonDioxide: ['co2', 'ppm', warmingUp],
    eCO2: ['co2', 'ppm', warmingUp],
    TVOC: ['tvocFraction', 'ppb'],
    PM1: ['pm1', 'µg/m³'],
    'PM2.5': ['pm25', 'µg/m³'],
    PM4: ['pm4', 'µg/m³'],
    PM10: ['pm10', 'µg/m³'],
    VOC: ['vocIndex', 'index'],
    NOx: ['noxIndex', 'index'],
    Battery: ['batteryLevel', '%'],
    ...(/^ZbReceived/.test(sensor) ? {} : { Illuminance: ['illuminance', 'lx'] as const }),
  };
  return { ...shared, ...own };
}

/** The mean since the message before, else the speed of the moment. */
function windTable(unit: string): FieldTable {
  return {
    'Speed/Avg': ['windSpeed', unit],
    'Speed/Act': ['windSpeed', unit],
    'Speed/Max': ['windGust', unit],
    'Dir/Avg': ['windDirection', '°'],
    'Dir/Deg': ['windDirection', '°'],
  };
}

function numbersOfParticles(): FieldTable {
  return {
    NCPM0_5: ['particleNumber05', '1/cm³'],
    NCPM1_0: ['particleNumber1', '1/cm³'],
    NCPM2_5: ['particleNumber25', '1/cm³'],
    NCPM4_0: ['particleNumber4', '1/cm³'],
    NCPM10: ['particleNumber10', '1/cm³'],
    TYPSIZ: ['typicalParticleSize', 'µm'],
  };
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
