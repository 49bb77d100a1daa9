/**
 * Units as devices write them: words, SenML (RFC 8428, 8798), UN/CEFACT codes of `unitCode`.
 * Dimension, factor and offset to the dimension's base unit: base = value × factor + offset.
 */
type Unit = readonly [dimension: string, factor: number, offset?: number];

const table: readonly (readonly [names: string, ...Unit])[] = [
  ['°C C Cel CEL celsius degC ℃ °c degrees_celsius', 'temperature', 1],
  ['K kelvin', 'temperature', 1, -273.15],
  ['°F F degF fahrenheit', 'temperature', 5 / 9, -160 / 9],
  ['0..1 1 / ratio', 'ratio', 1],
  ['% P1 %RH /100 percent pct %EL', 'ratio', 0.01],
  ['‰ /1000', 'ratio', 0.001],
  ['m MTR metre meter', 'length', 1],
  ['cm CMT', 'length', 0.01],
  ['mm MMT l/m2', 'length', 0.001],
  ['um', 'length', 1e-6],
  ['nm', 'length', 1e-9],
  ['km', 'length', 1000],
  ['ft', 'length', 0.3048],
  ['in', 'length', 0.0254],
  ['hPa A97 mbar mb', 'pressure', 100],
  ['Pa PAL', 'pressure', 1],
  ['kPa', 'pressure', 1000],
  ['bar', 'pressure', 100_000],
  ['mmHg', 'pressure', 133.322387415],
  ['inHg', 'pressure', 3386.388640341],
  ['ug/m3 GQ ug⋅m-3 ug.m-3 ugm-3', 'concentration', 1e-6],
  ['mg/m3 GP mg⋅m-3', 'concentration', 1e-3],
  ['ug/l', 'concentration', 1e-3],
  ['mg/l', 'concentration', 1],
  ['ppm', 'mole fraction', 1],
  ['ppb', 'mole fraction', 0.001],
  ['1/cm3 cm-3 #/cm3', 'number concentration', 1],
  ['m/s MTS', 'speed', 1],
  ['km/h KMH kmh', 'speed', 1 / 3.6],
  ['kn kt', 'speed', 1852 / 3600],
  ['mph', 'speed', 0.44704],
  ['° deg', 'angle', 1],
  ['rad', 'angle', 180 / Math.PI],
  ['V VLT', 'voltage', 1],
  ['mV', 'voltage', 0.001],
  ['A', 'current', 1],
  ['mA', 'current', 0.001],
  ['W', 'power', 1],
  ['kW', 'power', 1000],
  ['var', 'reactive power', 1],
  ['kvar', 'reactive power', 1000],
  ['VA', 'apparent power', 1],
  ['kVA', 'apparent power', 1000],
  ['kWh', 'energy', 1],
  ['Wh', 'energy', 0.001],
  ['MWh', 'energy', 1000],
  ['kvarh kvar·h', 'reactive energy', 1],
  ['varh var·h', 'reactive energy', 0.001],
  ['kVAh kVA·h', 'apparent energy', 1],
  ['VAh VA·h', 'apparent energy', 0.001],
  ['Hz', 'frequency', 1],
  ['dBm', 'level of power', 1],
  ['dB dBA dB(A) dBSPL', 'level', 1],
  ['lx lux', 'illuminance', 1],
  ['W/m2', 'irradiance', 1],
  ['S/m', 'conductivity', 1],
  ['mS/cm', 'conductivity', 0.1],
  ['uS/cm', 'conductivity', 0.0001],
  ['m3/s MQS', 'flow', 1],
  ['l/s', 'flow', 0.001],
  ['m3/h', 'flow', 1 / 3600],
  ['l/h', 'flow', 1 / 3_600_000],
  ['l L', 'volume', 1],
  ['m3', 'volume', 1000],
  ['s', 'time', 1],
  ['mm/h', 'precipitation rate', 1],
  ['0/1', 'state', 1],
  ['pH', 'pH', 1],
  ['NTU', 'turbidity', 1],
  ['index', 'index', 1],
  ['count', 'count', 1],
];

const units = new Map<string, Unit>(table.flatMap(([names, ...unit]) => names.split(' ').map((name): [string, Unit] => [name, unit])));

/** Value in another unit of the same dimension, rounded to 12 significant digits; undefined when a unit is unknown or does not fit. */
export function convert(value: number, from: string, to: string): number | undefined {
  return converter(from, to)?.(value);
}

/** What turns values of one unit into another, for a unit that is the same in every message; undefined as for `convert`. */
export function converter(from: string, to: string): ((value: number) => number) | undefined {
  if (from === to) return same;
  const source = units.get(plain(from));
  const target = units.get(plain(to));
  if (source === undefined || target === undefined || source[0] !== target[0]) return undefined;
  if (source === target) return same;
  return (value) => Number(((value * source[1] + (source[2] ?? 0) - (target[2] ?? 0)) / target[1]).toPrecision(12));
}

function same(value: number): number {
  return value;
}

/** µg/m³, μg/m^3 and ug⋅m⁻³ are written many ways. */
function plain(unit: string): string {
  return unit.replace(/[µμ]/g, 'u').replaceAll('³', '3').replaceAll('²', '2').replaceAll('⁻', '-').replace(/[\s^]/g, '');
}
