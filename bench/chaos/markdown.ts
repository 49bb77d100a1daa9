/** The table in docs/reliability.md, row by row as scenarios are run. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type as system } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

import { packageRoot, version } from '../../core/paths.ts';
import { mosquittoBinary } from '../../test/core/source/mqtt-brokers.ts';
import { mergeRow, type Report } from './report.ts';
import type { Options } from './run.ts';

const columns = ['sent', 'delivered', 'dead', 'lost', 'duplicated', 'outOfOrder', 'recoverS', 'peakRssMb'] as const;
const start = '<!-- measured: chaos -->';
const end = '<!-- /measured -->';

/** Writes or replaces the scenario's row and says on which machine it was. `order`: the names of all scenarios. */
export async function writeRow(report: Report, { rounds, seconds, perSecond }: Options, order: readonly string[]): Promise<void> {
  const file = join(packageRoot, 'docs', 'reliability.md');
  const page = readFileSync(file, 'utf8');
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no ${start} … ${end}`);
  const day = new Date().toISOString().slice(0, 10);
  const how = `${rounds} × ${seconds} s, ${perSecond}/s`;
  const rows = mergeRow(page.slice(from, to), [`\`${report.scenario}\``, how, ...columns.map((name) => report[name]), day], order);
  const header = ['scenario', 'rounds × fault, rate', ...columns, 'day'];
  const table = `| ${header.join(' | ')} |\n|${' --- |'.repeat(header.length)}\n${rows}`;
  const text = `${page.slice(0, from)}${start}\n\n${machine()}\n\n${table}\n\n${page.slice(to)}`;
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: 'markdown' }));
}

function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const said = spawnSync(mosquittoBinary ?? 'mosquitto', ['-h'], { encoding: 'utf8' });
  const [, mosquitto = 'of unknown version'] = /mosquitto version (\S+)/.exec(`${said.stdout}${said.stderr}`) ?? [];
  return (
    `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ${memory} GB, ${system()} ${release()}; ` +
    `Node ${process.version}, Mosquitto ${mosquitto}, Klavže ${version} with its embedded NGSI-LD broker.`
  );
}
