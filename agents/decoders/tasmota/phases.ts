type Json = Readonly<Record<string, unknown>>;

/** Figures of which the whole is the sum of the phases. */
const sums = ['Power', 'ApparentPower', 'ReactivePower', 'Total', 'ExportActive'];

/** `ENERGY` of a three-phase meter has arrays: `Power: [1, 2, 3]` becomes `PowerL1` … and, where it is a sum, `Power`. */
export function phasesOf(energy: Json): Json {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(energy)) {
    if (!Array.isArray(value)) {
      flat[name] = value;
      continue;
    }
    const phases = (value as unknown[]).slice(0, 3);
    for (const [i, phase] of phases.entries()) flat[`${name}L${i + 1}`] = phase;
    const isWhole = phases.length > 1 && phases.every((phase) => typeof phase === 'number');
    if (isWhole && sums.includes(name)) flat[name] = Number((phases as number[]).reduce((sum, phase) => sum + phase, 0).toPrecision(12));
    if (name === 'Frequency') flat[name] = phases[0];
  }
  return flat;
}
