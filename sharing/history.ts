/** The changes that a history tells of, one by one. Pure. Source: ETSI GS CIM 009, 4.5.7. */
import { attributesOf, time, type State } from './notice.ts';

export interface Changes {
  /** Each was the present state for a while, in the order in which they came to be. */
  readonly present: State[];
  /** Values that were past when they came. */
  readonly late: State[];
}

interface Value {
  readonly entity: State;
  readonly name: string;
  readonly instance: Readonly<Record<string, unknown>>;
  readonly at: number;
}

/**
 * `entities`: each attribute a list of instances with `modifiedAt`. `current`: the present states of those that changed; what came after the
 * present value of its attribute never was the present one.
 */
export function changesOf(entities: readonly State[], current: ReadonlyMap<string, State>): Changes {
  const values = entities.flatMap((entity) =>
    attributesOf(entity).flatMap(([name, instances]) =>
      instances
        .filter((instance) => instance['deletedAt'] === undefined && instance['value'] !== 'urn:ngsi-ld:null')
        .map((instance): Value => ({ entity, name, instance, at: time(instance['modifiedAt']) })),
    ),
  );
  values.sort((left, right) => left.at - right.at);
  const newest = new Map<string, number>();
  const present: State[] = [];
  const late: State[] = [];
  const open = new Map<string, Record<string, unknown>>();
  for (const value of values) {
    const key = `${value.entity.id} ${value.name} ${String(value.instance['datasetId'] ?? '')}`;
    const observed = time(value.instance['observedAt']);
    const isLate = observed > 0 && (observed < (newest.get(key) ?? 0) || !wasCurrent(value, current.get(value.entity.id)));
    if (!isLate) newest.set(key, Math.max(observed, newest.get(key) ?? 0));
    gather(value, isLate ? late : present, open, isLate);
  }
  return { present, late };
}

/** Attributes that changed together are one state; the same one twice is two. */
function gather({ entity, name, instance, at }: Value, into: State[], open: Map<string, Record<string, unknown>>, isLate: boolean): void {
  const slot = `${entity.id} ${isLate} ${at}`;
  const held = open.get(slot);
  const before = held?.[name];
  const isOther = isOtherDataset(before, instance);
  if (held !== undefined && (before === undefined || isOther)) {
    held[name] = before === undefined ? instance : [...(Array.isArray(before) ? (before as unknown[]) : [before]), instance];
    return;
  }
  const state: Record<string, unknown> = { id: entity.id, type: entity.type, modifiedAt: new Date(at).toISOString(), [name]: instance };
  open.set(slot, state);
  into.push(state as State);
}

function isOtherDataset(before: unknown, instance: Readonly<Record<string, unknown>>): boolean {
  const all = (Array.isArray(before) ? before : [before]) as Readonly<Record<string, unknown> | undefined>[];
  return before !== undefined && all.every((one) => one?.['datasetId'] !== instance['datasetId']);
}

function wasCurrent({ name, instance, at }: Value, current: State | undefined): boolean {
  if (current === undefined) return false;
  const now = attributesOf(current)
    .filter(([one]) => one === name)
    .flatMap(([, instances]) => instances)
    .find((one) => one['datasetId'] === instance['datasetId']);
  // What is gone by now may well have been there.
  return now === undefined || time(now['modifiedAt']) >= at || time(now['observedAt']) <= time(instance['observedAt']);
}
