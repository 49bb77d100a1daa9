import type { StoredEntity } from '../types.ts';
import { SCOPE, type History, type HistoryEntity, type Instance } from './history.ts';
import type { TemporalQuery, TemporalView } from './query.ts';

/** The values of an entity's attributes inside of a window, by IRI; `scope` under its own name. */
export type Evolution = ReadonlyMap<string, readonly Instance[]>;

/** What a view shows of one entity. Attributes without a value inside of the window are left out. */
export function evolutionOf(history: History, tenant: string, id: string, view: TemporalView, last = view.lastN): Evolution {
  const evolution = new Map<string, readonly Instance[]>();
  for (const name of history.names(tenant, id)) {
    if (!isShown(name, view)) continue;
    const instances = instancesOf(history, tenant, id, name, view, last);
    if (instances.length > 0) evolution.set(name, instances);
  }
  return evolution;
}

export function isShown(name: string, view: TemporalView): boolean {
  return (view.attrs?.has(name) ?? true) && (view.pick?.has(name) ?? true) && !(view.omit?.has(name) ?? false);
}

function instancesOf(
  history: History,
  tenant: string,
  id: string,
  name: string,
  view: TemporalView,
  last: number | undefined,
): readonly Instance[] {
  if (view.datasetIds === undefined) return history.instances(tenant, id, name, view.window, last);
  const all = history.instances(tenant, id, name, view.window);
  const wanted = all.filter(({ attribute }) => view.datasetIds?.includes(attribute.datasetId ?? '@none'));
  return last === undefined ? wanted : wanted.slice(-last);
}

/** The entities that a query asks for, in order of creation or of their ids. */
export function matching(history: History, tenant: string, query: TemporalQuery): HistoryEntity[] {
  const found = history.entities(tenant, query.ids).filter((entity) => matches(history, tenant, entity, query));
  if (query.descending === undefined) return found;
  const sign = query.descending ? -1 : 1;
  return found.sort((a, b) => (a.id < b.id ? -sign : sign));
}

function matches(history: History, tenant: string, entity: HistoryEntity, { entity: test, values, view }: TemporalQuery): boolean {
  const state: StoredEntity = { ...entity, types: [...entity.types], attributes: {} };
  if (!test(state)) return false;
  if (values.length > 0) {
    const whole = {
      ...state,
      ...stateIn(evolutionOf(history, tenant, entity.id, { window: view.window, sysAttrs: false, format: 'normalized' })),
    };
    if (!values.every((value) => value(whole))) return false;
  }
  const anything =
    view.window.from === undefined && view.window.to === undefined && view.attrs === undefined && view.datasetIds === undefined;
  if (anything || !showsAttributes(view)) return true;
  const { id } = entity;
  return history.names(tenant, id).some((name) => isShown(name, view) && instancesOf(history, tenant, id, name, view, 1).length > 0);
}

function showsAttributes(view: TemporalView): boolean {
  return view.pick === undefined || [...view.pick].some((name) => name.includes(':') || name === SCOPE);
}

/** All values of the window as instances of one entity, for queries: one that fits is enough. */
function stateIn(evolution: Evolution): Pick<StoredEntity, 'attributes' | 'scope'> {
  const present = (name: string): Instance[] => (evolution.get(name) ?? []).filter((instance) => instance.deletedAt === undefined);
  const names = [...evolution.keys()].filter((name) => name !== SCOPE);
  return {
    attributes: Object.fromEntries(
      names.map((name) => [name, present(name).map((instance) => instance.attribute)]).filter(([, instances]) => instances?.length),
    ),
    scope: present(SCOPE).flatMap((instance) => instance.attribute.value as string | string[]),
  };
}
