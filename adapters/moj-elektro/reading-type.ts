/** Third, fifth, seventh and twelfth member and the unit of an IEC 61968-9 reading type, as the source's list of 20 has them. */
const shape = /^(?:32|8|0)\.0\.([24])\.(?:4|1)\.(1|19)\.2\.(12|37)\.0\.0\.0\.0\.([012])\.0\.0\.0\.3\.(72|73|38|63)\.0$/;

const letters: Readonly<Record<string, string>> = { '12 72': 'A', '12 73': 'R', '37 38': 'P', '37 63': 'Q' };

/**
 * The source's mark of a reading type: `A+`, `R-`, `P+` of 15 minutes, `A+_T0` of a register at midnight; undefined for another.
 * The first member (32, 8 for billing, 0 without) does not change what is measured.
 */
export function markOf(readingType: string): string | undefined {
  const [, period, direction, kind, tariff, unit] = shape.exec(readingType) ?? [];
  const letter = letters[`${kind} ${unit}`];
  if (letter === undefined) return undefined;
  const mark = letter + (direction === '1' ? '+' : '-');
  if (period === '4') return `${mark}_T${tariff}`;
  return tariff === '0' ? mark : undefined;
}
