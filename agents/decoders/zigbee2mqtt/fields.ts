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
  soil_moisture: ['soilMoisture', '%'],
  soil_temperature: ['soilTemperature', '°C'],
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

/** `voltage` is the battery's, in millivolts. */
export const onBattery: FieldTable = { voltage: ['batteryVoltage', 'mV'] };

/** `voltage` is the mains'. */
export const onMains: FieldTable = {
  voltage: ['voltage', 'V'],
  voltage_phase_b: ['voltageL2', 'V'],
  voltage_phase_c: ['voltageL3', 'V'],
  current: ['current', 'A'],
  power: ['activePower', 'W'],
  energy: ['activeEnergyImport', 'kWh'],
  produced_energy: ['activeEnergyExport', 'kWh'],
  ac_frequency: ['frequency', 'Hz'],
};
