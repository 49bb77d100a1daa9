import type { Knowledge } from '../pipeline.ts';
import type { Adapter } from '../plugin.ts';
import { createValidator } from '../validate/validate.ts';
import { loadModels, loadPersonalFields, loadQuantities } from './load-models.ts';
import { loadAdapters, loadAgents, type Agents } from './plugins.ts';

/** Everything that is read once at start: models, quantities, deny-list and plug-ins. */
export interface LoadedKnowledge extends Knowledge {
  readonly agents: Agents;
  readonly adapters: ReadonlyMap<string, Adapter>;
}

/** `decodersDir` is the operator's folder of declared decoders. @throws {ConfigError} when a shipped or edited file is not valid, @throws {FatalError} when a plug-in is not what its folder says. */
export async function loadKnowledge(decodersDir?: string): Promise<LoadedKnowledge> {
  const agents = await loadAgents(undefined, decodersDir);
  const adapters = await loadAdapters();
  return {
    models: loadModels(),
    quantities: loadQuantities(),
    personalFields: loadPersonalFields(),
    validator: createValidator(),
    agents,
    adapters,
  };
}
