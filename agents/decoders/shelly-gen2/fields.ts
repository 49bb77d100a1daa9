import type { FieldTable } from '#core';

const energy: FieldTable = {
  'aenergy/total': ['activeEnergyImport', 'Wh'],
  'ret_aenergy/total': ['activeEnergyExport', 'Wh'],
};

const load: FieldTable = {
  apower: ['activePower', 'W'],
  voltage: ['voltage', 'V'],
  current: ['current', 'A'],
  pf: ['powerFactor', '0..1'],
  freq: ['frequency', 'Hz'],
  ...energy,
};

const phases: FieldTable = Object.fromEntries(
  (['a', 'b', 'c'] as const).flatMap((letter, i): [string, readonly [string, string]][] => [
    [`${letter}_act_power`, [`activePowerL${i + 1}`, 'W']],
    [`${letter}_aprt_power`, [`apparentPowerL${i + 1}`, 'VA']],
    [`${letter}_voltage`, [`voltageL${i + 1}`, 'V']],
    [`${letter}_current`, [`currentL${i + 1}`, 'A']],
    [`${letter}_pf`, [`powerFactorL${i + 1}`, '0..1']],
    [`${letter}_freq`, ['frequency', 'Hz']],
  ]),
);

const phaseEnergy: FieldTable = Object.fromEntries(
  (['a', 'b', 'c'] as const).flatMap((letter, i): [string, readonly [string, string]][] => [
    [`${letter}_total_act_energy`, [`activeEnergyImportL${i + 1}`, 'Wh']],
    [`${letter}_total_act_ret_energy`, [`activeEnergyExportL${i + 1}`, 'Wh']],
  ]),
);

/** By component type. Per-minute figures, limits and switches are passed over; so is `total_current`, a sum that flows nowhere. */
export const tables: Readonly<Record<string, FieldTable>> = {
  temperature: { tC: ['airTemperature', '°C'], tF: ['airTemperature', '°F'] },
  humidity: { rh: ['relativeHumidity', '%'] },
  illuminance: { lux: ['illuminance', 'lx'] },
  devicepower: { 'battery/percent': ['batteryLevel', '%'], 'battery/V': ['batteryVoltage', 'V'] },
  em: {
    ...phases,
    n_current: ['currentN', 'A'],
    total_act_power: ['activePower', 'W'],
    total_aprt_power: ['apparentPower', 'VA'],
  },
  emdata: { ...phaseEnergy, total_act: ['activeEnergyImport', 'Wh'], total_act_ret: ['activeEnergyExport', 'Wh'] },
  em1: {
    act_power: ['activePower', 'W'],
    aprt_power: ['apparentPower', 'VA'],
    voltage: ['voltage', 'V'],
    current: ['current', 'A'],
    pf: ['powerFactor', '0..1'],
    freq: ['frequency', 'Hz'],
  },
  em1data: { total_act_energy: ['activeEnergyImport', 'Wh'], total_act_ret_energy: ['activeEnergyExport', 'Wh'] },
  switch: load,
  pm1: load,
  cover: load,
  light: load,
  // The valve of a radiator behind a gateway feels the room.
  blutrv: { current_C: ['airTemperature', '°C'], battery: ['batteryLevel', '%'], rssi: ['rssi', 'dBm'] },
  flood: { alarm: ['waterLeak', '0/1'] },
  wifi: { rssi: ['rssi', 'dBm'] },
};

/** Components of which only the registry (`fields`) knows what they measure: an input in volts, a sensor behind a Bluetooth gateway. */
export const nameless: Readonly<Record<string, string>> = { voltmeter: 'voltage', bthomesensor: 'value' };
