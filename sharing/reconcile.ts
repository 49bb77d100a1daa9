import { describe, differencesOf } from './difference.ts';
import type { Documents } from './documents-api.ts';
import { klavzePrefix, ownPrefix, type Wanted } from './documents.ts';

/** One step that makes a broker hold what is declared. */
export interface Step {
  readonly action: 'create' | 'patch' | 'replace' | 'delete';
  readonly kind: Wanted['kind'];
  readonly id: string;
  readonly partner: string;
  /** What is to change, for the operator. */
  readonly changes: readonly string[];
  readonly wanted?: Wanted;
  readonly members?: Readonly<Record<string, unknown>>;
}

export interface Scope {
  readonly kind: Wanted['kind'];
  readonly instance: string;
  readonly only?: string | undefined;
  readonly types?: readonly string[];
}

/** What is to be done at one broker. */
export interface SiteSteps {
  readonly steps: readonly Step[];
  /** Names of other Klavže that have documents there; these are left alone. */
  readonly others: readonly string[];
}

/**
 * What is to be done at one broker so that it holds `wanted` and no other documents of this `instance`. Others are never touched.
 * `only`: of this partner; `types`: what may have been declared for it before.
 * @throws {RetryableError} while the broker cannot be asked.
 */
export async function planAt(
  documents: Documents,
  wanted: readonly Wanted[],
  { kind, instance, only, types = [] }: Scope,
): Promise<SiteSteps> {
  const steps: Step[] = [];
  for (const one of wanted) {
    const actual = await documents.get(kind, one.id, one.context);
    if (actual === undefined) {
      steps.push({ action: 'create', kind, id: one.id, partner: one.partner, changes: [], wanted: one });
      continue;
    }
    const differences = differencesOf(one, actual);
    if (differences.length === 0) continue;
    const top = [...new Set(differences.map(({ member }) => member.split('.')[0] ?? member))];
    // What is to go cannot be told by every broker's PATCH.
    const replaces = differences.some(({ wanted: to }) => to === undefined) || kind === 'csourceRegistrations';
    const whole = { ...one.body, ...one.optional } as Readonly<Record<string, unknown>>;
    steps.push({
      action: replaces ? 'replace' : 'patch',
      kind,
      id: one.id,
      partner: one.partner,
      changes: differences.map(describe),
      wanted: one,
      members: Object.fromEntries(top.map((name) => [name, whole[name]])),
    });
  }
  const ids = new Set(wanted.map(({ id }) => id));
  const own = ownPrefix(kind, instance);
  const prefix = own + (only === undefined ? '' : `${only}:`);
  const others = new Set<string>();
  const candidates = types.map((type) => prefix + type);
  for (const id of await documents.ofKlavze(kind, candidates)) {
    if (!id.startsWith(own)) others.add(id.slice(klavzePrefix[kind].length).split(':')[0] ?? '');
    if (ids.has(id) || !id.startsWith(prefix)) continue;
    const partner = id.slice(own.length).split(':')[0] ?? '';
    steps.push({ action: 'delete', kind, id, partner, changes: ['no partner declares it any more'] });
  }
  return { steps, others: [...others].sort() };
}

/** Does one step. Doing it twice does no harm. */
export async function applyStep(documents: Documents, { action, kind, id, wanted, members }: Step): Promise<void> {
  if (action === 'delete' || action === 'replace') await documents.remove(kind, id);
  if (wanted === undefined) return;
  if (action === 'patch' && members !== undefined) await documents.patch(kind, id, wanted.context, members);
  else await documents.create(wanted);
}
