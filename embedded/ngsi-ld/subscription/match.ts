import { compilePattern } from '../../../core/service/pattern.ts';
import { parseGeo } from '../query/geo.ts';
import type { EntityTest } from '../query/logic.ts';
import { parseQOfBody } from '../query/q.ts';
import { parseScopeQ } from '../query/scope.ts';
import { parseTypes } from '../query/types.ts';
import { lostInstances } from '../removed.ts';
import type { Change, ResolvedContext, StoredEntity } from '../types.ts';
import type { EntitySelector, Subscription, Trigger } from './document.ts';

const DEFAULT_TRIGGERS: readonly Trigger[] = ['attributeCreated', 'attributeUpdated'];

/** A subscription made ready: its queries parsed once. */
export interface Matcher {
  /** Which entities it is about, and whether their state fulfils q, geoQ and scopeQ. */
  readonly entity: EntityTest;
  /** IRIs of the attributes that make a change worth a notification; undefined: it is not. */
  relevant(change: Change): ReadonlySet<string> | undefined;
}

/** `context`: the one in which the subscription's q was written. */
export function createMatcher(subscription: Subscription, context: ResolvedContext): Matcher {
  const selectors = (subscription.entities ?? []).map((selector) => selectorTest(selector, context));
  const tests: EntityTest[] = [];
  if (subscription.q !== undefined) tests.push(parseQOfBody(subscription.q, context));
  if (subscription.scopeQ !== undefined) tests.push(parseScopeQ(subscription.scopeQ));
  const geo = subscription.geoQ === undefined ? undefined : parseGeo(subscription.geoQ, context);
  if (geo !== undefined) tests.push(geo);

  const triggers = new Set(subscription.notificationTrigger ?? DEFAULT_TRIGGERS);
  const entity: EntityTest = (state) =>
    (selectors.length === 0 || selectors.some((selects) => selects(state))) && tests.every((test) => test(state));
  return {
    entity,
    relevant(change) {
      // A deleted entity is judged by its last state.
      const state = change.after ?? change.before;
      if (state === undefined || !entity(state)) return undefined;
      const attributes = triggeringAttributes(change, triggers, subscription.watchedAttributes);
      return attributes;
    },
  };
}

function triggeringAttributes(
  change: Change,
  triggers: ReadonlySet<Trigger>,
  watched: readonly string[] | undefined,
): Set<string> | undefined {
  const found = new Set<string>();
  let touched = false;
  for (const [attribute, events] of attributeEvents(change)) {
    if (watched !== undefined && !watched.includes(attribute)) continue;
    touched = true;
    if (events.some((event) => triggers.has(event))) found.add(attribute);
  }
  if (found.size > 0) return found;
  const entityEvent = ({ created: 'entityCreated', updated: 'entityUpdated', deleted: 'entityDeleted' } as const)[change.kind];
  return triggers.has(entityEvent) && (touched || watched === undefined) ? found : undefined;
}

/** What happened to each attribute. */
function attributeEvents(change: Change): Map<string, Trigger[]> {
  const events = new Map<string, Trigger[]>();
  const add = (attribute: string, event: Trigger): void => void events.set(attribute, [...(events.get(attribute) ?? []), event]);
  for (const attribute of change.written)
    add(attribute, change.before?.attributes[attribute] === undefined ? 'attributeCreated' : 'attributeUpdated');
  for (const attribute of Object.keys(change.before?.attributes ?? {})) {
    if (lostInstances(change.before, change.after, attribute).length > 0) add(attribute, 'attributeDeleted');
  }
  return events;
}

function selectorTest(selector: EntitySelector, context: ResolvedContext): EntityTest {
  const ofType = parseTypes(selector.type, context, 'strict').test;
  const pattern = selector.idPattern === undefined ? undefined : compilePattern(selector.idPattern);
  return (entity: StoredEntity) => {
    // An id makes an idPattern beside it meaningless (5.2.8).
    if (selector.id !== undefined) return entity.id === selector.id && ofType(entity);
    return (pattern?.test(entity.id) ?? true) && ofType(entity);
  };
}
