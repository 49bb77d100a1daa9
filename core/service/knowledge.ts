import { ConfigError } from '../errors.ts';
import { ownTenant, type Knowledge } from '../pipeline.ts';
import type { Adapter } from '../plugin.ts';
import { createValidator } from '../validate/validate.ts';
import { withAreas } from './areas.ts';
import type { Config } from './config.ts';
import { loadModels, loadPersonalFields, loadQuantities } from './load-models.ts';
import { loadAdapters, loadAgents, type Agents } from './plugins.ts';
import { loadTables } from './tables.ts';

/** Everything that is read once at start: models, quantities, deny-list, plug-ins and table mappings. */
export interface LoadedKnowledge extends Knowledge {
  readonly agents: Agents;
  readonly adapters: ReadonlyMap<string, Adapter>;
}

/**
 * `decodersDir` is the operator's folder of declared decoders, `tablesDir` that of table mappings, which are adapters too;
 * `adapters` may choose the area of timetables; `tenants` by plug-in, `broker` with the tenant of all others.
 * @throws {ConfigError} when a shipped or edited file is not valid, @throws {FatalError} when a plug-in is not what its folder says.
 */
export async function loadKnowledge(
  folders: {
    decodersDir?: string;
    tablesDir?: string;
    adapters?: Config['adapters'];
    tenants?: Config['tenants'];
    broker?: { readonly tenant?: string };
  } = {},
): Promise<LoadedKnowledge> {
  const agents = await loadAgents(undefined, folders.decodersDir);
  const models = loadModels();
  const adapters = withAreas(await loadAdapters(), folders.adapters ?? {});
  const tables = folders.tablesDir === undefined ? [] : loadTables(folders.tablesDir, models, new Set([...adapters.keys(), 'table']));
  for (const table of tables) adapters.set(table.name, table);
  return {
    models,
    quantities: loadQuantities(),
    personalFields: loadPersonalFields(),
    validator: createValidator(),
    agents,
    adapters,
    tenants: tenantsOf(folders.tenants ?? {}, folders.broker?.tenant, agents, adapters),
  };
}

/** @throws {ConfigError} for a plug-in that does not exist. */
function tenantsOf(
  named: Config['tenants'],
  own: string | undefined,
  { families }: Agents,
  adapters: ReadonlyMap<string, Adapter>,
): ReadonlyMap<string, string> {
  const known = new Set([
    ...[...families.keys()].map((name) => `families/${name}`),
    ...[...adapters.keys()].map((name) => `adapters/${name}`),
  ]);
  const unknown = Object.keys(named).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new ConfigError(`tenants names ${unknown.join(', ')}; known: ${[...known].join(', ')}`);
  const others = Object.entries(named).filter(([, tenant]) => tenant !== own);
  return new Map([...others, ...(own === undefined ? [] : [[ownTenant, own] as const])]);
}
