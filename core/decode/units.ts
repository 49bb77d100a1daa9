/**
 * Units as devices write them: words, SenML (RFC 8428, 8798), UN/CEFACT codes of `unitCode`.
 * Dimension, factor and offset to the dimension's base unit: base = value × factor + offset.
 */
type Unit = readonly [dimension: string, factor: number, offset?: number];

const table: readonly (readonly [names: string, ...Unit])[] = [
  ['°C C Cel CEL celsius degC ℃ °c degrees_celsius degreecelsius degreescelsius centigrade', 'temperature', 1],
  ['K KEL kelvin', 'temperature', 1, -273.15],
  ['°F F degF FAH fahrenheit degreefahrenheit degreesfahrenheit ℉', 'temperature', 5 / 9, -160 / 9],
  ['0..1 1 / ratio', 'ratio', 1],
  ['% P1 %RH /100 percent pct %EL', 'ratio', 0.01],
  ['‰ /1000', 'ratio', 0.001],
  ['m MTR metre meter', 'length', 1],
  ['cm CMT centimetre centimeter', 'length', 0.01],
  ['mm MMT l/m2 millimetre millimeter', 'length', 0.001],
  ['um 4H', 'length', 1e-6],
  ['nm', 'length', 1e-9],
  ['km KMT', 'length', 1000],
  ['ft FOT', 'length', 0.3048],
  ['in INH', 'length', 0.0254],
  ['hPa A97 mbar MBR mb hectopascal millibar', 'pressure', 100],
  ['Pa PAL pascal', 'pressure', 1],
  ['kPa KPA kilopascal', 'pressure', 1000],
  ['bar BAR', 'pressure', 100_000],
  ['mmHg HN', 'pressure', 133.322387415],
  ['inHg F79', 'pressure', 3386.388640341],
  ['ug/m3 GQ ug⋅m-3 ug.m-3 ugm-3', 'concentration', 1e-6],
  ['mg/m3 GP mg⋅m-3', 'concentration', 1e-3],
  ['ng/m3', 'concentration', 1e-9],
  ['ug/l H29', 'concentration', 1e-3],
  ['mg/l M1 g/m3', 'concentration', 1],
  ['kg/m3 KMQ', 'concentration', 1000],
  ['ppm 59', 'mole fraction', 1],
  ['ppb 61', 'mole fraction', 0.001],
  ['1/cm3 cm-3 #/cm3 H50', 'number concentration', 1],
  ['m/s MTS', 'speed', 1],
  ['km/h KMH kmh', 'speed', 1 / 3.6],
  ['kn kt KNT knots', 'speed', 1852 / 3600],
  ['mph HM', 'speed', 0.44704],
  ['° deg DD degree degrees', 'angle', 1],
  ['rad C81', 'angle', 180 / Math.PI],
  ['V VLT volt', 'voltage', 1],
  ['mV 2Z millivolt', 'voltage', 0.001],
  ['A AMP ampere', 'current', 1],
  ['mA 4K', 'current', 0.001],
  ['W WTT watt', 'power', 1],
  ['kW KWT kilowatt', 'power', 1000],
  ['var D44', 'reactive power', 1],
  ['kvar KVR', 'reactive power', 1000],
  ['VA D46', 'apparent power', 1],
  ['kVA KVA', 'apparent power', 1000],
  ['kWh KWH', 'energy', 1],
  ['Wh WHR', 'energy', 0.001],
  ['MWh MWH', 'energy', 1000],
  ['J JOU Ws', 'energy', 1 / 3_600_000],
  ['MJ 3B', 'energy', 1 / 3.6],
  ['kvarh kvar·h K3', 'reactive energy', 1],
  ['varh var·h', 'reactive energy', 0.001],
  ['vars', 'reactive energy', 1 / 3_600_000],
  ['kVAh kVA·h C79', 'apparent energy', 1],
  ['VAh VA·h', 'apparent energy', 0.001],
  ['VAs', 'apparent energy', 1 / 3_600_000],
  ['Hz HTZ hertz', 'frequency', 1],
  ['dBm DBM', 'level of power', 1],
  ['dB 2N dBA dB(A) dBSPL dBspl', 'level', 1],
  ['Bspl', 'level', 10],
  ['lx LUX lux', 'illuminance', 1],
  ['W/m2 D54', 'irradiance', 1],
  ['S/m D10', 'conductivity', 1],
  ['mS/cm', 'conductivity', 0.1],
  ['uS/cm', 'conductivity', 0.0001],
  ['m3/s MQS', 'flow', 1],
  ['l/s G51', 'flow', 0.001],
  ['l/min L2', 'flow', 1 / 60_000],
  ['m3/h MQH', 'flow', 1 / 3600],
  ['l/h E32', 'flow', 1 / 3_600_000],
  ['l L LTR litre liter', 'volume', 1],
  ['m3 MTQ', 'volume', 1000],
  ['s SEC', 'time', 1],
  ['ms', 'time', 0.001],
  ['min MIN', 'time', 60],
  ['h HUR', 'time', 3600],
  ['mm/h H67', 'precipitation rate', 1],
  ['m/h', 'precipitation rate', 1000],
  ['0/1', 'state', 1],
  ['pH Q30', 'pH', 1],
  ['NTU', 'turbidity', 1],
  ['index', 'index', 1],
  ['count IE', 'count', 1],
];

const units = new Map<string, Unit>(table.flatMap(([names, ...unit]) => names.split(' ').map((name): [string, Unit] => [name, unit])));
/** Words, which are written in any case; `mV` and `MV` are not. */
const words = new Map<string, Unit>([...units].filter(([name]) => /^[a-z_]{4,}$/.test(name)));
/** UN/CEFACT C62 is the one of everything that has no unit: shares, states, counts, indices. */
const pureNumbers: ReadonlySet<string> = new Set(['0..1', '0/1', 'index', 'count']);

/** Value in another unit of the same dimension, rounded to 12 significant digits; undefined when a unit is unknown or does not fit. */
export function convert(value: number, from: string, to: string): number | undefined {
  return converter(from, to)?.(value);
}

/** What turns values of one unit into another, for a unit that is the same in every message; undefined as for `convert`. */
export function converter(from: string, to: string): ((value: number) => number) | undefined {
  if (from === to) return same;
  if (from === 'C62') return pureNumbers.has(to) ? same : undefined;
  const source = unitOf(from);
  const target = unitOf(to);
  if (source === undefined || target === undefined || source[0] !== target[0]) return undefined;
  if (source === target) return same;
  return (value) => Number(((value * source[1] + (source[2] ?? 0) - (target[2] ?? 0)) / target[1]).toPrecision(12));
}

function same(value: number): number {
  return value;
}

function unitOf(name: string): Unit | undefined {
  const written = plain(name);
  return units.get(written) ?? words.get(written.toLowerCase());
}

/** µg/m³, μg/m^3 and ug⋅m⁻³ are written many ways. */
function plain(unit: string): string {
  return unit.replace(/[µμ]/g, 'u').replaceAll('³', '3').replaceAll('²', '2').replaceAll('⁻', '-').replace(/[\s^]/g, '');
}
