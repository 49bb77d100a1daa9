/** What a plain number under a field name means. */
export interface Meaning {
  readonly quantity: string;
  /** Unit of the quantity in `schemas/quantities.json`. */
  readonly unit: string;
  /** Unit in which devices give a plain number under this name; `by size`: hPa, Pa and kPa of air do not overlap, nor do volts and
   * millivolts of a battery; of a battery and of humidity what is no percentage is refused. */
  readonly given: string;
}

/** Who chose the names: `own` is the sensor contract (names of `schemas/quantities.json` in their units), `network` a vendor's codec. */
export type Dialect = 'own' | 'network';

type Row = readonly [quantity: string, unit: string, ...names: string[]];

/** Quantity, its unit, then names that devices use, apart by blanks: `mm: distance` gives the unit where it is another one. */
const table: readonly Row[] = [
  ['pm1', 'µg/m³', 'pm1_0 pm_1_0 pm1p0 pm01 pm1_0_mass_concentration'],
  ['pm25', 'µg/m³', 'pm2_5 pm_2_5 pm2p5 pm02 pm2_5_mass_concentration'],
  ['pm4', 'µg/m³', 'pm4_0 pm_4_0 pm04 pm4_mass_concentration'],
  ['pm10', 'µg/m³', 'pm10_0 pm_10_0 pm10_mass_concentration'],
  ['no', 'µg/m³'],
  ['no2', 'µg/m³'],
  ['nox', 'µg/m³'],
  ['o3', 'µg/m³', 'ozone'],
  ['so2', 'µg/m³'],
  ['co', 'mg/m³'],
  ['co2', 'ppm', 'eco2 rco2 co2_concentration'],
  ['c6h6', 'µg/m³', 'benzene'],
  ['sh2', 'µg/m³', 'h2s'],
  ['nh3', 'µg/m³'],
  ['tvoc', 'µg/m³'],
  ['vocIndex', 'index', 'voc_index'],
  ['noxIndex', 'index', 'nox_index'],
  ['airQualityIndex', 'index', 'aqi'],
  ['particleNumber05', '1/cm³', 'pm0_5_number_concentration'],
  ['particleNumber1', '1/cm³', 'pm1_0_number_concentration'],
  ['particleNumber25', '1/cm³', 'pm2_5_number_concentration'],
  ['particleNumber4', '1/cm³', 'pm4_number_concentration'],
  ['particleNumber10', '1/cm³', 'pm10_number_concentration'],
  ['typicalParticleSize', 'µm', 'nm: typical_particle_size'],
  ['airTemperature', '°C', 'temperature temp t temp_c air_temp ambient_temperature tempc_sht', '°F: temp_f temperature_f'],
  ['feelsLikeTemperature', '°C', 'feels_like'],
  ['dewPoint', '°C', 'dew_point dewpoint'],
  ['relativeHumidity', '0..1', 'humidity by size: humidity hum h rh air_humidity relative_humidity', '%: hum_sht'],
  ['atmosphericPressure', 'hPa', 'by size: pressure p air_pressure barometric_pressure baro'],
  ['windSpeed', 'm/s', 'wind_speed'],
  ['windGust', 'm/s', 'wind_gust gust'],
  ['windDirection', '°', 'wind_direction'],
  ['precipitation', 'mm', 'rain rainfall'],
  ['precipitationRate', 'mm/h', 'rain_rate'],
  ['snowDepth', 'cm', 'snow_depth'],
  ['solarIrradiance', 'W/m²', 'solar_radiation irradiance'],
  ['diffuseIrradiance', 'W/m²'],
  ['illuminance', 'lx', 'light_lux lux ill_lx'],
  ['uvIndex', 'index', 'uv_index uvi'],
  ['visibility', 'm'],
  ['soilTemperature', '°C', 'temp_soil soil_temp'],
  ['soilMoisture', '0..1', '%: water_soil soil_moisture soil_water'],
  ['distance', 'm', 'mm: distance_mm'],
  ['waterLevel', 'm', 'water_level'],
  ['flow', 'm³/s', 'discharge'],
  ['waterTemperature', '°C', 'water_temp temp_water'],
  ['conductivity', 'S/m', 'uS/cm: conduct_soil soil_ec ec'],
  ['pH', 'pH', 'ph'],
  ['dissolvedOxygen', 'mg/l', 'dissolved_oxygen'],
  ['orp', 'mV'],
  ['turbidity', 'NTU'],
  ['chlorophyll', 'µg/l'],
  ['waveHeight', 'm'],
  ['wavePeriod', 's'],
  ['waveDirection', '°'],
  ['waterPressure', 'bar'],
  ['waterVolume', 'l', 'm³: total_m3'],
  ['waterFlow', 'l/h', 'm³/h: flow_m3h volume_flow_m3h'],
  ['waterFlowMin', 'l/h', 'm³/h: min_flow_m3h'],
  ['waterFlowMax', 'l/h', 'm³/h: max_flow_m3h'],
  ['waterVolumeReverse', 'l', 'm³: total_backward_m3 backflow_m3'],
  ['leakAlarm', '0/1'],
  ['burstAlarm', '0/1'],
  ['backflowAlarm', '0/1'],
  ['dryAlarm', '0/1'],
  ['freezeAlarm', '0/1'],
  ['tamperAlarm', '0/1'],
  ['faultAlarm', '0/1'],
  ['LAeq', 'dB', 'laeq leq'],
  ['LAS', 'dB', 'las'],
  ['LAmax', 'dB', 'lamax lmax'],
  ['LAmin', 'dB', 'lmin'],
  ['LAF', 'dB'],
  ['LAeqDay', 'dB'],
  ['LA10', 'dB'],
  ['LA50', 'dB'],
  ['LA90', 'dB'],
  ...phased('activePower', 'W'),
  ...phased('reactivePower', 'var'),
  ...phased('apparentPower', 'VA'),
  ...phased('activeEnergyImport', 'kWh'),
  ...phased('activeEnergyExport', 'kWh'),
  ...phased('reactiveEnergyImport', 'kvarh'),
  ...phased('reactiveEnergyExport', 'kvarh'),
  ...phased('apparentEnergyImport', 'kVAh'),
  ...phased('apparentEnergyExport', 'kVAh'),
  ...phased('voltage', 'V'),
  ['voltageL12', 'V'],
  ['voltageL23', 'V'],
  ['voltageL31', 'V'],
  ...phased('current', 'A'),
  ['currentN', 'A'],
  ['frequency', 'Hz'],
  ...phased('powerFactor', '0..1'),
  ...directed('vehicleCount', 'count'),
  ...directed('carCount', 'count'),
  ...directed('vanCount', 'count'),
  ...directed('lorryCount', 'count'),
  ...directed('busCount', 'count'),
  ...directed('motorcycleCount', 'count'),
  ...directed('bicycleCount', 'count'),
  ...directed('vehicleSpeed', 'km/h'),
  ['vehicleSpeed85', 'km/h'],
  ['vehicleLength', 'm'],
  ['vehicleGap', 'm'],
  ['headwayTime', 's'],
  ['peopleCount', 'count'],
  ['peopleIn', 'count'],
  ['peopleOut', 'count'],
  ['peopleInTotal', 'count'],
  ['peopleOutTotal', 'count'],
  ['presence', '0/1'],
  ['motionCount', 'count'],
  ...[2, 3, 4].flatMap((line): Row[] => [
    [`peopleInLine${line}`, 'count'],
    [`peopleOutLine${line}`, 'count'],
    [`peopleInTotalLine${line}`, 'count'],
    [`peopleOutTotalLine${line}`, 'count'],
  ]),
  ...[1, 2, 3, 4].map((region): Row => [`peopleInRegion${region}`, 'count']),
  ['doorOpen', '0/1'],
  ['waterLeak', '0/1'],
  ['occupancy', '0..1'],
  ['availableSpots', 'count'],
  ['occupiedSpots', 'count'],
  ['occupied', '0/1'],
  ['vehiclesIn', 'count'],
  ['vehiclesOut', 'count'],
  ['batteryLevel', '0..1', 'battery by size: battery batt', '%: battery_percent battery_level bat_pct'],
  ['batteryVoltage', 'V', 'volts by size: bat batv bat_v vbat battery_voltage', 'mV: battery_mv'],
  ['lowBatteryAlarm', '0/1'],
  ['probeTemperature', '°C', 'tempc_ds'],
  ['probeHumidity', '0..1'],
  ['surfaceTemperature', '°C'],
  ['soilTension', 'kPa'],
  ['soilProbeFrequency', 'Hz'],
  ['soilPermittivity', 'index'],
  ['hcho', 'mg/m³', 'formaldehyde'],
  ['tvocFraction', 'ppb'],
  ['soundLevel', 'dB'],
  ['soundLevelPeak', 'dB'],
  ['lightLevel', 'index'],
  ['tilted', '0/1'],
  ['inclination', '°'],
  ['digitalInput', '0/1'],
  ['pulseCount', 'count'],
  ['pulseTotal', 'count'],
  ['rssi', 'dBm', 'signal lora_rssi'],
  ['snr', 'dB', 'lora_snr'],
];

/** No unit: what devices give under a name is too different to be read without one. */
export const unknownUnit = 'unknown';

/** Where vendors' codecs mean another unit by the very name of our quantity. */
const networkUnits: Readonly<Record<string, string>> = {
  distance: 'mm',
  relativeHumidity: '%',
  soilMoisture: '%',
  conductivity: 'uS/cm',
  batteryLevel: '%',
  waterLevel: unknownUnit,
  co: unknownUnit,
  tvoc: unknownUnit,
  flow: unknownUnit,
  current: unknownUnit,
  currentL1: unknownUnit,
  currentL2: unknownUnit,
  currentL3: unknownUnit,
  currentN: unknownUnit,
};

/** Quantity → unit, to be compared with `schemas/quantities.json`. */
export const vocabularyUnits: ReadonlyMap<string, string> = new Map(table.map(([quantity, unit]) => [quantity, unit]));

const canonical = new Map<string, Meaning>();
const aliases = new Map<string, Meaning>();
for (const [quantity, unit, ...names] of table) {
  canonical.set(quantity, { quantity, unit, given: unit });
  aliases.set(normal(quantity), { quantity, unit, given: networkUnits[quantity] ?? unit });
  for (const group of names) {
    const [given, list] = group.includes(': ') ? (group.split(': ') as [string, string]) : [unit, group];
    for (const name of list.split(' ')) aliases.set(normal(name), { quantity, unit, given });
  }
}

/** A quantity of the whole and of each phase. */
function phased(quantity: string, unit: string): Row[] {
  return ['', 'L1', 'L2', 'L3'].map((phase): Row => [quantity + phase, unit]);
}

/** A quantity of both directions of a road together and of each. */
function directed(quantity: string, unit: string): Row[] {
  return ['', 'Forward', 'Backward'].map((direction): Row => [quantity + direction, unit]);
}

/** What a field name means, or undefined. `PM2.5`, `pm2_5` and `pm25` are one; a channel number (`temperature_3`) is passed over. */
export function meaningOf(name: string, dialect: Dialect): Meaning | undefined {
  const own = dialect === 'own' ? canonical.get(name) : undefined;
  if (own !== undefined || name.length > 64) return own;
  if (meanings.has(name)) return meanings.get(name);
  const meaning = aliases.get(normal(name)) ?? aliases.get(normal(name.replace(/(?<=[a-z]{4})[_ -]\d{1,2}$/i, '')));
  if (meanings.size >= mostMeanings) meanings.clear();
  meanings.set(name, meaning);
  return meaning;
}

/** Names that were looked up before: devices say the same ones again and again. */
const meanings = new Map<string, Meaning | undefined>();
const mostMeanings = 5_000;

/** Lower case, separators gone, save one between digits: `pm1_0` is not `pm10`. */
function normal(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/(?<!\d)_|_(?!\d)/g, '');
}
