import type { Figures } from './figures.ts';

/** Widths of the columns of numbers; those for which a narrow terminal has no room are left out. */
const numbers = [10, 11, 11, 9, 11];
const narrowestName = 20;

/** The view as lines of at most `columns` characters, at most `rows` of them: what is wrong first, then the busiest plug-ins. Plain text. */
export function draw(figures: Figures, where: string, columns: number, rows: number): string[] {
  const { outbox, broker, commit, devices, sources, checks } = figures;
  const faults = Object.entries(checks).filter(([, { ok }]) => !ok);
  const head = [
    ends(`klavze top  ${where}`, figures.ready ? 'READY' : 'NOT READY', columns),
    ...faults.map(([name, { detail }]) => `  ! ${name}: ${detail}`),
    `in ${perSecond(figures.receivedPerSecond)}   out ${perSecond(figures.deliveredPerSecond)}   ` +
      `outbox ${short(outbox.waiting)}, oldest ${age(outbox.oldestSeconds)}   dead letters ${short(figures.deadLetters)}`,
    `broker ${latency(broker)}   commit ${latency(commit)}   memory ${figures.memoryMb} MB   disk free ${figures.diskFreeGb} GB`,
    `answers ${list(
      Object.entries(broker.answers).map(([status, count]) => `${status}: ${short(count)}`),
      columns - 8,
    )}`,
    `refused ${list(
      figures.refused.map(({ code, count }) => `${code} ${short(count)}`),
      columns - 8,
    )}`,
    `silent  ${devices.silent.length} of ${devices.registered} devices${devices.silent.length > 0 ? `: ${list(devices.silent, columns - 32)}` : ''}`,
    `sources ${list(
      sources.map(({ adapter, trouble }) => `${adapter} ${trouble}`),
      columns - 8,
    )}`,
    '',
  ];
  const taken = (count: number): number => numbers.slice(0, count).reduce((sum, one) => sum + one, 0);
  let shownNumbers = numbers.length;
  while (shownNumbers > 0 && columns - taken(shownNumbers) < narrowestName) shownNumbers--;
  const width = columns - taken(shownNumbers);
  const row = (name: string, cells: readonly string[]): string =>
    fit(name, width).padEnd(width) +
    cells
      .slice(0, shownNumbers)
      .map((cell, at) => cell.padStart(numbers[at] ?? 0))
      .join('');
  const plugins = figures.plugins.map(({ plugin, received, entities, refused, delivered, perSecond: rate }) =>
    row(plugin.replace(/^agents\/envelopes\//, ''), [rate.toFixed(1), ...[received, entities, refused, delivered].map(short)]),
  );
  const room = Math.max(1, rows - head.length - 1);
  const shown = plugins.length > room ? [...plugins.slice(0, room - 1), `… ${plugins.length - room + 1} more`] : plugins;
  const lines = [...head, row('plug-in', ['in/s', 'received', 'entities', 'refused', 'delivered']), ...shown];
  return lines.slice(0, rows).map((line) => fit(line, columns));
}

function ends(left: string, right: string, columns: number): string {
  return `${left}${right.padStart(Math.max(right.length + 1, columns - left.length))}`;
}

function perSecond(rate: number): string {
  return `${rate < 100 ? rate : short(rate)}/s`;
}

function latency({ p50Ms, p99Ms }: { readonly p50Ms?: number; readonly p99Ms?: number }): string {
  return p50Ms === undefined ? '–' : `${p50Ms} ms, p99 ${p99Ms} ms`;
}

function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** 1234567 as 1.23M: at most six characters. */
export function short(count: number): string {
  if (count < 100_000) return String(Math.round(count));
  const [unit, factor] = count < 1e6 ? ['k', 1e3] : count < 1e9 ? ['M', 1e6] : ['G', 1e9];
  return `${(count / (factor as number)).toPrecision(3)}${unit}`;
}

/** As many as there is room for, and how many are left out. */
function list(texts: readonly string[], width: number): string {
  if (texts.length === 0) return 'none';
  for (let count = texts.length; count > 0; count--) {
    const more = texts.length - count;
    const text = texts.slice(0, count).join(', ') + (more > 0 ? `, +${more}` : '');
    if (text.length <= width || count === 1) return fit(text, width);
  }
  return '';
}

function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
