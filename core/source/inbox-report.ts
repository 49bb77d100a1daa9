import type { DeadLetter } from '../outbox/outbox.ts';
import type { Adapter, Instant, Row } from '../plugin.ts';
import { foundIn } from './found-words.ts';
import { fixOf } from './inbox-words.ts';
import type { RunReport } from './report.ts';

/** Where a file ends: `done` when something of it was published, else `refused`. */
export type InboxOutcome = 'done' | 'refused';

export interface InboxReportInput {
  readonly adapter: Adapter;
  readonly file: string;
  readonly report: RunReport;
  readonly outcome: InboxOutcome;
  /** What was refused, as far as it is shown. */
  readonly letters: readonly DeadLetter[];
  readonly at: Instant;
  /** When the same content was taken already: nothing was done again. */
  readonly before?: Instant;
}

const shownCells = 5;

/** What a colleague reads beside the file: Slovenian first, then English. Of personal data no cell is repeated. */
export function inboxReport(input: InboxReportInput): string {
  return [...slovenian(input), '', '-'.repeat(70), '', ...english(input), ''].join('\r\n');
}

function slovenian({ adapter, file, report, outcome, letters, at, before }: InboxReportInput): string[] {
  const { received, filtered, entities, rejections, reason } = report;
  const lines = [`POROČILO O DATOTEKI ${file}`, '', `Vir: ${adapter.title.sl} (${adapter.name})`, `Obdelano: ${local(at, 'sl')}`];
  if (before !== undefined) {
    return [...lines, '', `Datoteka z isto vsebino je bila že obdelana (${local(before, 'sl')}). Zato ni bilo ponovno storjeno nič.`];
  }
  lines.push('', outcome === 'done' ? 'Izid: SPREJETO' : 'Izid: ZAVRNJENO, iz datoteke ni objavljeno nič.');
  if (report.outcome === 'refused') return [...lines, '', ...whole(report, 'sl')];
  lines.push(`Prebranih vrstic: ${received}${filtered > 0 ? ` (in ${filtered} izpuščenih)` : ''}`);
  lines.push(`Objavljenih stanj entitet: ${entities}`, `Zavrnitev: ${rejections}`);
  if (report.vanished !== undefined) {
    lines.push(`Vrstic, ki so bile v prejšnji datoteki in jih zdaj ni več: ${report.vanished.rows} (${gone.sl[report.vanished.policy]})`);
  }
  lines.push(...drifted(report, 'Novi stolpci, ki jih nihče ne bere', 'Stolpci, ki jih ni več', 'Stolpci, ki so spet tu'));
  if (reason !== undefined) lines.push(`Opomba: ${reason}`);
  if (letters.length === 0) return lines;
  lines.push('', 'Kaj je bilo zavrnjeno in kako popraviti', '(vrstice štejemo od prve pod glavo tabele):');
  for (const letter of letters) lines.push('', ...row(letter, adapter, 'sl'));
  if (rejections > letters.length) lines.push('', `… in še ${rejections - letters.length}.`);
  return [...lines, '', 'Popravljeno datoteko odložite v isto mapo; vrstice, ki so bile že sprejete, se ne podvojijo.'];
}

function english({ adapter, file, report, outcome, letters, at, before }: InboxReportInput): string[] {
  const { received, filtered, entities, rejections, reason } = report;
  const lines = [`REPORT ON THE FILE ${file}`, '', `Source: ${adapter.title.en} (${adapter.name})`, `Taken: ${local(at, 'en')}`];
  if (before !== undefined) {
    return [...lines, '', `A file with the same content was taken already (${local(before, 'en')}). So nothing was done again.`];
  }
  lines.push('', outcome === 'done' ? 'Outcome: ACCEPTED' : 'Outcome: REFUSED, nothing of the file is published.');
  if (report.outcome === 'refused') return [...lines, '', ...whole(report, 'en')];
  lines.push(`Rows read: ${received}${filtered > 0 ? ` (and ${filtered} left out)` : ''}`);
  lines.push(`Entity states published: ${entities}`, `Refusals: ${rejections}`);
  if (report.vanished !== undefined) {
    lines.push(`Rows of the file before that are not in this one: ${report.vanished.rows} (${gone.en[report.vanished.policy]})`);
  }
  lines.push(...drifted(report, 'New columns that nobody reads', 'Columns that are gone', 'Columns that are back'));
  if (reason !== undefined) lines.push(`Remark: ${reason}`);
  if (letters.length === 0) return lines;
  lines.push('', 'What was refused and how to mend it', '(rows are counted from the first one below the header):');
  for (const letter of letters) lines.push('', ...row(letter, adapter, 'en'));
  if (rejections > letters.length) lines.push('', `… and ${rejections - letters.length} more.`);
  return [...lines, '', 'Drop the corrected file into the same folder; rows that were accepted already are not doubled.'];
}

const gone = {
  sl: { keep: 'v bazi ostanejo', mark: 'v bazi ostanejo z oznako', delete: 'iz baze so izbrisane' },
  en: { keep: 'they stay in the broker', mark: 'they stay in the broker, marked', delete: 'they are deleted in the broker' },
} as const;

function drifted({ drift }: RunReport, appeared: string, missing: string, returned: string): string[] {
  if (drift === undefined) return [];
  const all = [
    [appeared, drift.appeared],
    [missing, drift.missing],
    [returned, drift.returned],
  ] as const;
  return all.flatMap(([words, columns]) => (columns.length === 0 ? [] : [`${words}: ${columns.join(', ')}`]));
}

/** Why a file was refused as a whole. */
function whole({ codes = {}, reason = '' }: RunReport, language: 'sl' | 'en'): string[] {
  const words = language === 'sl' ? { reason: 'Razlog', fix: 'Kaj storiti' } : { reason: 'Reason', fix: 'What to do' };
  const fixes = Object.keys(codes).map((code) => `${words.fix}: ${fixOf(code, language)}`);
  return [`${words.reason} (${Object.keys(codes).join(', ')}): ${reason}`, ...fixes];
}

function row({ origin, rejection, raw }: DeadLetter, adapter: Adapter, language: 'sl' | 'en'): string[] {
  const words =
    language === 'sl' ? { row: 'Vrstica', found: 'Ugotovljeno', fix: 'Popravek' } : { row: 'Row', found: 'Found', fix: 'To mend' };
  const cells = adapter.personal === true ? '' : cellsOf(raw);
  return [
    `${words.row} ${origin.row ?? '?'}${cells === '' ? '' : `: ${cells}`}`,
    `  ${words.found} (${rejection.code}): ${foundIn(rejection.message, language)}`,
    `  ${words.fix}: ${fixOf(rejection.code, language)}`,
  ];
}

/** The first cells of a row, by which a person finds it again. */
function cellsOf(raw: Uint8Array): string {
  try {
    const cells = Object.entries(JSON.parse(Buffer.from(raw).toString()) as Row);
    return cells
      .filter(([name, value]) => !name.startsWith('@') && typeof value === 'string' && value !== '')
      .slice(0, shownCells)
      .map(([name, value]) => `${name} = ${String(value)}`)
      .join(' | ');
  } catch {
    return '';
  }
}

function local(moment: Instant, language: 'sl' | 'en'): string {
  const locale = language === 'sl' ? 'sl-SI' : 'en-GB';
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'Europe/Ljubljana' }).format(new Date(moment));
}
