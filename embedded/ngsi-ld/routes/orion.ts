import type { EntityInput } from '../input/entity.ts';
import { Problem } from '../problems.ts';
import type { BrokerDeps, StoredEntity } from '../types.ts';

/** Orion-LD takes instances by datasetId by POST of one entity and its attributes only. */
export function refuseDatasets(deps: BrokerDeps, input: EntityInput): void {
  if (deps.profile !== 'orion') return;
  const has = Object.values(input.attributes).some((instances) => instances.some((one) => one.datasetId !== undefined));
  if (has) throw new Problem('OperationNotSupported', 'Not Implemented', 'datasetId is not supported here', { status: 501 });
}

/** Orion-LD lets no attribute become one of another type. */
export function refuseRetyping(deps: BrokerDeps, before: StoredEntity, after: StoredEntity): void {
  if (deps.profile !== 'orion') return;
  for (const [iri, [instance]] of Object.entries(after.attributes)) {
    const was = before.attributes[iri]?.[0]?.type;
    if (was !== undefined && instance !== undefined && was !== instance.type) {
      throw new Problem('BadRequestData', `Attempt to transform a ${was} into a ${instance.type}`, iri);
    }
  }
}
