import type { FieldTable } from '#core';

export const always: FieldTable = {
  temperature: ['airTemperature', '°C'],
  local_temperature: ['airTemperature', '°C'],
  humidity: ['relativeHumidity', '%'],
  pressure: ['atmosphericPressure', 'hPa'],
  // Before version 2 `illuminance` was a raw value, and the lux stood beside it.
  illuminance_lux: ['illuminance', 'lx'],
  illuminance: ['illuminance', 'lx'],
  co2: ['co2', 'ppm'],
  pm1: ['pm1', 'µg/m³'],
  pm25: ['pm25', 'µg/m³'],
  pm10: ['pm10', 'µg/m³'],
  voc_index: ['vocIndex', 'index'],
  noise: ['soundLevel', 'dB'],
  soil_moisture: ['soilMoisture', '%'],
  soil_temperature: ['soilTemperature', '°C'],
  external_temperature: ['probeTemperature', '°C'],
  temperature_probe: ['probeTemperature', '°C'],
  wind_speed: ['windSpeed', 'm/s'],
  uv_index: ['uvIndex', 'index'],
  water_leak: ['waterLeak', '0/1'],
  presence: ['presence', '0/1'],
  occupancy: ['presence', '0/1'],
  contact: ['doorOpen', '0/1'],
  tamper: ['tamperAlarm', '0/1'],
  battery: ['batteryLevel', '%'],
  battery_low: ['lowBatteryAlarm', '0/1'],
};

/** `voltage` is the battery's: in millivolts, of some devices in volts. No battery has less than 100 mV or more than 100 V. */
export function onBattery(voltage: unknown): FieldTable {
  return { voltage: ['batteryVoltage', Math.abs(Number(voltage)) < 100 ? 'V' : 'mV'] };
}

/** What is measured of each phase and of all together. */
const figures: readonly (readonly [name: string, quantity: string, unit: string])[] = [
  ['voltage', 'voltage', 'V'],
  ['current', 'current', 'A'],
  ['power', 'activePower', 'W'],
  ['power_reactive', 'reactivePower', 'var'],
  ['power_apparent', 'apparentPower', 'VA'],
  ['power_factor', 'powerFactor', '0..1'],
  ['energy', 'activeEnergyImport', 'kWh'],
  ['produced_energy', 'activeEnergyExport', 'kWh'],
];

const voltages = ['voltage', 'voltage_phase_a', 'voltage_phase_b', 'voltage_phase_c'];

/** What `onMains` looks at, as a text: states with the same have the same table. */
export function formOfMains(state: Readonly<Record<string, unknown>>): string {
  let form = '';
  for (const [name] of figures) form += isOfFirstPhase(state, name) ? '1' : '0';
  for (const name of voltages) form += isBeyondMains(state[name]) ? '1' : '0';
  return form;
}

function isOfFirstPhase(state: Readonly<Record<string, unknown>>, name: string): boolean {
  return state[`${name}_phase_b`] !== undefined && state[`${name}_phase_a`] === undefined;
}

/** No mains have more than 1000 V: then it is in tenths or thousandths, and nobody says in which. */
function isBeyondMains(voltage: unknown): boolean {
  return Math.abs(Number(voltage)) > 1000;
}

/** A meter that has `power_phase_b` but no `power_phase_a` says under `power` what the first phase takes. */
export function onMains(state: Readonly<Record<string, unknown>>): FieldTable {
  const rows = figures.flatMap(([name, quantity, unit]): [string, readonly [string, string]][] => {
    const isOfFirst = isOfFirstPhase(state, name) && !quantity.startsWith('activeEnergy');
    const unitOf = (field: string): string => (quantity === 'voltage' && isBeyondMains(state[field]) ? 'unknown' : unit);
    return [
      [name, [isOfFirst ? `${quantity}L1` : quantity, unitOf(name)]],
      [`${name}_phase_a`, [`${quantity}L1`, unitOf(`${name}_phase_a`)]],
      [`${name}_phase_b`, [`${quantity}L2`, unitOf(`${name}_phase_b`)]],
      [`${name}_phase_c`, [`${quantity}L3`, unitOf(`${name}_phase_c`)]],
    ];
  });
  return { ...Object.fromEntries(rows), ac_frequency: ['frequency', 'Hz'] };
}
