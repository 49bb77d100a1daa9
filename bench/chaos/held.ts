/** Asks the NGSI-LD broker itself what it holds, by full attribute names so that no context is needed. */
import { entityId, messageOf, published, type Truth } from './truth.ts';

export interface Held {
  /** Messages whose value is in the broker's history; undefined when it does not give all of it. */
  readonly history: ReadonlySet<number> | undefined;
  /** Devices whose present state is not what it should be, in words. */
  readonly stale: readonly string[];
}

const attribute = 'https://smartdatamodels.org/dataModel.Environment/pm10';

/** `newest`: the number of each device's newest message; `tenantOf`: where a device's entity is, '' is the default tenant. */
export async function heldBy(
  url: string,
  tenantOf: (device: number) => string,
  truth: Truth,
  newest: readonly (number | undefined)[],
): Promise<Held> {
  let history: Set<number> | undefined = new Set();
  const stale: string[] = [];
  for (const [device, n] of newest.entries()) {
    if (n === undefined) continue;
    const id = entityId(truth, device);
    const tenant = tenantOf(device);
    const headers = { Accept: 'application/json', ...(tenant !== '' && { 'NGSILD-Tenant': tenant }) };
    const present = await fetch(`${url}/ngsi-ld/v1/entities/${id}`, { headers });
    const state = present.ok ? ((await present.json()) as Record<string, { value?: unknown; observedAt?: string } | undefined>) : {};
    const { pm10, observedAt } = published(truth, n);
    const held = state[attribute] ?? state['pm10'];
    if (held?.value !== pm10 || Date.parse(held.observedAt ?? '') !== Date.parse(observedAt)) {
      stale.push(`${id} has ${held?.observedAt ?? `nothing (${present.status})`}, its newest is ${observedAt}`);
    }
    const past = await fetch(`${url}/ngsi-ld/v1/temporal/entities/${id}?options=temporalValues&attrs=${attribute}`, { headers });
    if (past.status !== 200) {
      await past.text();
      history = undefined;
      continue;
    }
    const evolution = (await past.json()) as Record<string, { values?: [unknown, string][] } | undefined>;
    for (const [value, at] of evolution[attribute]?.values ?? []) {
      const message = messageOf(truth, id, at);
      if (message !== undefined && value === published(truth, message).pm10) history?.add(message);
    }
  }
  return { history, stale };
}
