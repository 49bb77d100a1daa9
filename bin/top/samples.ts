/** One line of a Prometheus exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** What `/metrics` says; lines that are none are passed over. */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((one): Sample[] => {
    const [, name, labels = '', value = ''] = line.exec(one) ?? [];
    if (name === undefined || one.startsWith('#')) return [];
    const pairs = [...labels.matchAll(label)].map(([, key = '', text = '']) => [key, unescaped(text)] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: value === '+Inf' ? Infinity : Number(value) }];
  });
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** Values of one name, by a label. */
export function byLabel(samples: readonly Sample[], name: string, key: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const one of samples) {
    const group = one.labels[key];
    if (one.name === name && group !== undefined) sums.set(group, (sums.get(group) ?? 0) + one.value);
  }
  return sums;
}

export function valueOf(samples: readonly Sample[], name: string): number {
  return samples.reduce((sum, one) => (one.name === name ? sum + one.value : sum), 0);
}

/** Counts of a histogram by the upper bounds of its buckets, as they are: each holds those before it. */
export function bucketsOf(samples: readonly Sample[], name: string): Map<number, number> {
  const buckets = new Map<number, number>();
  for (const { name: own, labels, value } of samples) {
    if (own !== `${name}_bucket`) continue;
    const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return buckets;
}

/**
 * The value below which a share of what was measured lies, between the bounds of its bucket as Prometheus reckons it; above the last bound that
 * bound. Undefined: nothing was measured.
 */
export function quantile(share: number, buckets: ReadonlyMap<number, number>): number | undefined {
  const bounds = [...buckets].sort(([a], [b]) => a - b);
  const all = bounds.at(-1)?.[1] ?? 0;
  if (all <= 0) return undefined;
  let low = 0;
  let before = 0;
  for (const [bound, count] of bounds) {
    if (count >= share * all) {
      if (bound === Infinity) return low;
      return low + ((bound - low) * (share * all - before)) / (count - before || 1);
    }
    low = bound;
    before = count;
  }
  return low;
}
