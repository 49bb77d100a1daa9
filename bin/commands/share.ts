import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';

import { ConfigError } from '../../core/errors.ts';
import { hiddenEntities } from '../../core/access/hidden.ts';
import { openSqliteOutbox } from '../../core/outbox/sqlite.ts';
import { loadConfig, type Config } from '../../core/service/config.ts';
import { loadDevices } from '../../core/service/devices.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { loadFamilies } from '../../core/service/plugins.ts';
import { createLogger } from '../../core/service/log.ts';
import { applyPlan, planSharing, type SharingPlan } from '../../sharing/apply.ts';
import { createDocuments } from '../../sharing/documents-api.ts';
import { partnerFiles } from '../../sharing/files.ts';
import type { Partner } from '../../sharing/partner.ts';
import type { Step } from '../../sharing/reconcile.ts';
import { callerToLake } from '../../sharing/start.ts';
import { noteApply } from '../../sharing/standing.ts';
import { statusOf, type PartnerStatus } from '../../sharing/status.ts';
import { callerTo } from '../../sharing/transports.ts';
import { inSlovenian } from '../../sharing/words.ts';
import { auditOf } from '../audit.ts';
import { registryText } from '../files.ts';
import { readPartners, surroundingsOf } from '../sharing.ts';
import { languageOf } from './language.ts';
import { shareLettersCommand } from './share-letters.ts';
import { printRows } from './table.ts';

interface Options {
  readonly config?: string;
  readonly partner?: string;
  readonly json?: boolean;
  readonly lang?: string;
}

export function shareCommand(): Command {
  const command = new Command('share').description('partners who get data: what is declared, what the brokers hold, how it stands');
  withOptions(command.command('plan'))
    .description('what apply would do; changes nothing')
    .action((options: Options) => planOrApply(options, false));
  withOptions(command.command('apply'))
    .description('make the brokers hold what partners/*.yaml declare; touches no subscription of anybody else')
    .action((options: Options) => planOrApply(options, true));
  withOptions(command.command('status'))
    .description('subscriptions, what waits, gaps that were closed')
    .option('--lang <sl|en>', 'language of the table (default: of LANG)')
    .action(status);
  command.addCommand(shareLettersCommand());
  return command;
}

function withOptions(command: Command): Command {
  return command
    .option('--partner <name>', 'only this partner')
    .option('--json', 'print JSON')
    .option('--config <file>', 'configuration file (default klavze.yaml)');
}

/** Everything that the three need. @throws {ConfigError} */
async function scene(options: Options) {
  const config = loadConfig(process.env, process.cwd(), options.config);
  const models = loadModels();
  const partners = readPartners(config, models);
  // Of the plug-ins only the families matter here, and those only where there are devices.
  const { devices } = loadDevices(registryText(config.devices) ?? '', config.devices);
  const hidden = hiddenEntities(devices, devices.length === 0 ? new Map() : await loadFamilies(), models);
  const { tenant, token } = config.broker;
  const url = brokerUrl(config);
  const caller = callerToLake({ url, ...(tenant !== undefined && { tenant }), ...(token !== undefined && { token }) });
  const around = surroundingsOf(config, models, ownUrl(config), () => hidden);
  return { config, partners, url, caller, around };
}

async function planOrApply(options: Options, apply: boolean): Promise<void> {
  const { config, partners, url, caller, around } = await scene(options);
  const plan = await planSharing({
    partners,
    around,
    broker: { url, caller },
    ...(options.partner !== undefined && { only: options.partner }),
  });
  try {
    const steps = plan.sites.flatMap((site) => site.steps.map((step) => ({ url: site.url, step })));
    if (options.json !== true) for (const { step, url: at } of steps) process.stdout.write(describe(step, at));
    if (apply) {
      const touched = new Set<string>();
      const done: string[] = [];
      await applyPlan(plan, ({ partner, action, id }) => {
        touched.add(partner);
        done.push(`${action} ${id}`);
      }).finally(() => auditOf(config)('share.apply', [...touched], { steps: done.length, done: done.join(', ') }));
      await note(config, partners, touched, options.partner);
    }
    const others = [...new Set(plan.sites.flatMap((site) => site.others))];
    const { withheld } = plan;
    if (options.json === true) {
      const shown = steps.map(({ step: { action, partner, id, changes }, url: at }) => ({ action, partner, id, at, changes }));
      process.stdout.write(`${JSON.stringify({ applied: apply, steps: shown, others, withheld }, null, 2)}\n`);
    } else process.stdout.write(withheldTold(withheld) + ending(steps.length, apply) + othersTold(others, around.instance));
  } finally {
    plan.close();
    caller.close();
  }
}

function describe({ action, partner, id, changes }: Step, url: string): string {
  const sign = { create: '+', patch: '~', replace: '~', delete: '-' }[action];
  return `${sign} ${action} ${id} (${partner}) at ${url}\n${changes.map((change) => `    ${change}\n`).join('')}`;
}

function withheldTold(withheld: SharingPlan['withheld']): string {
  return withheld
    .map(({ partner, devices }) => `${partner} gets nothing of ${devices.join(', ')}: partners may not see them (docs/access.md)\n`)
    .join('');
}

function ending(steps: number, apply: boolean): string {
  if (steps === 0) return 'nothing to do: the brokers hold what is declared\n';
  return apply ? `${steps} done\n` : `${steps} to do; klavze share apply does it\n`;
}

/** A Klavže whose data folder was lost has another name now, and what it left at the broker still tells of every change. */
function othersTold(others: readonly string[], instance: string): string {
  if (others.length === 0) return '';
  return `this Klavže is "${instance}"; what belongs to ${others.map((name) => `"${name}"`).join(', ')} is left alone (a name that this one had: instance, KLAVZE_INSTANCE)\n`;
}

/** Tells `klavze up` that data may leave, and that something may have been missed where a subscription was changed. */
async function note(config: Config, partners: readonly Partner[], touched: ReadonlySet<string>, only: string | undefined): Promise<void> {
  for (const { name, mode } of partners) {
    if (mode === 'federation' || (only !== undefined && only !== name)) continue;
    const { queue: path } = partnerFiles(config.dataDir, name);
    mkdirSync(dirname(path), { recursive: true });
    const queue = openSqliteOutbox({ path, logger: createLogger('error') });
    try {
      noteApply(queue.state, new Date().toISOString(), touched.has(name));
    } finally {
      await queue.close();
    }
  }
}

async function status(options: Options): Promise<void> {
  const { config, partners, url, caller, around } = await scene(options);
  const chosen = partners.filter(({ name }) => options.partner === undefined || name === options.partner);
  if (options.partner !== undefined && chosen.length === 0)
    throw new ConfigError(`there is no partner "${options.partner}"; known: ${partners.map(({ name }) => name).join(', ') || 'none'}`);
  const ours = createDocuments(url, caller);
  try {
    const rows: PartnerStatus[] = [];
    for (const partner of chosen) {
      const theirs = partner.mode === 'federation' ? callerTo(partner) : undefined;
      const documents = theirs === undefined ? ours : createDocuments(partner.endpoint, theirs);
      const shared = { around, dataDir: config.dataDir, now: new Date().toISOString(), logger: createLogger('error') };
      try {
        rows.push(await statusOf(partner, { ...shared, documents }));
      } catch (error) {
        // The queue can be told of even where a broker is away.
        const known = await statusOf(partner, { ...shared, documents: undefined });
        rows.push({ ...known, remark: (error as Error).message.split('\n')[0] ?? '' });
      } finally {
        theirs?.close();
      }
    }
    const isTable = options.json !== true && languageOf(options.lang) === 'sl';
    printRows(isTable ? rows.map(inSlovenian) : rows.map((row) => ({ ...row })), options.json === true);
  } finally {
    caller.close();
  }
}

function brokerUrl({ broker }: Config): string {
  if (broker.url !== undefined) return broker.url;
  if (broker.port === 0) throw new ConfigError('the embedded broker takes a free port; set KLAVZE_BROKER_PORT or KLAVZE_BROKER_URL');
  return `http://${broker.host}:${broker.port}`;
}

function ownUrl({ http, sharing, broker }: Config): string {
  if (http.port === 0 && (sharing.endpoint === undefined || broker.contextUrl === undefined))
    throw new ConfigError('klavze up takes a free HTTP port; set KLAVZE_HTTP_PORT, so that the broker finds it again');
  return `http://${http.host}:${http.port}`;
}
