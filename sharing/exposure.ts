/** What would leave although the registry says that it must not (`access` of a device). Pure. */
import type { HiddenEntities } from '../core/access/hidden.ts';
import type { Partner } from './partner.ts';

export interface AccessView {
  /** As the registry is now; left out: no device has an access of its own. */
  readonly hidden?: () => HiddenEntities;
  /** Partners who pull reach the gateway, which leaves out what they may not read. */
  readonly behindGateway?: boolean;
}

/** Whether an entity must not go to any partner. */
export function isWithheld({ hidden }: AccessView, id: string): boolean {
  return hidden?.().isHidden(id, 'partner') === true;
}

/** Devices whose entities of the declared types partners may not get, by their id. */
export function withheldFrom({ entities }: Pick<Partner, 'entities'>, { hidden }: AccessView): string[] {
  const found = entities.flatMap(({ type }) => hidden?.().devicesOf(type, 'partner') ?? []);
  return [...new Set(found)].sort();
}

/**
 * Why a partner cannot get data in this mode; undefined: it can. Subscriptions and registrations cannot leave out an entity: a broker of its
 * own would send them all, or give them to who asks.
 */
export function exposureOf(partner: Pick<Partner, 'name' | 'mode' | 'entities'>, view: AccessView): string | undefined {
  const { name, mode } = partner;
  if (mode === 'relay' || mode === 'mqtt' || (mode === 'federation' && view.behindGateway === true)) return undefined;
  const devices = withheldFrom(partner, view);
  if (devices.length === 0) return undefined;
  const which = `${devices.slice(0, 10).join(', ')}${devices.length > 10 ? ` and ${devices.length - 10} more` : ''}`;
  const fix =
    mode === 'subscription'
      ? 'use mode relay, which leaves them out'
      : 'let sharing.publicUrl be the address of the gateway (gateway.publicUrl), or use mode relay; both leave them out';
  return `${name}: mode ${mode} would also give it entities of devices that partners may not see (docs/access.md): ${which}; ${fix}`;
}
