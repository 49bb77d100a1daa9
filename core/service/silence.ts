import type { Device, Instant } from '../plugin.ts';

/** What is known of when a device was heard; kept in the state store, so that it survives a restart. */
export interface Sighting {
  /** When its last message arrived; none yet: left out. */
  readonly last?: Instant;
  /** From when on the silence is counted: the last message, without the time in which nobody listened. */
  readonly from: Instant;
  /** It was reported as silent. */
  readonly silent?: true;
}

/** The state store's value: all sightings, and when they were held last. */
export interface Sightings {
  readonly at: Instant;
  readonly devices: Readonly<Record<string, Sighting>>;
}

/** Where sightings stand in the state store. */
export const sightingsKey = 'core/sightings';

/** So many expected intervals without a message are a silence. */
const patience = 3;
const mostSightings = 50_000;

export interface Turn {
  readonly device: Device;
  readonly silent: boolean;
  readonly last?: Instant;
}

/** Who has become silent, who has returned. Pure but for what it remembers: the clock is handed in. */
export class SilenceWatch {
  private readonly sightings = new Map<string, Sighting>();
  private readonly returned = new Set<string>();

  /** Goes on from what was kept before `now`: the time between counts for nobody, since nobody listened. */
  constructor(kept: Sightings | undefined, now: Instant) {
    if (kept === undefined) return;
    const away = Math.max(0, Date.parse(now) - Date.parse(kept.at));
    for (const [id, sighting] of Object.entries(kept.devices)) {
      this.sightings.set(id, { ...sighting, from: new Date(Date.parse(sighting.from) + away).toISOString() });
    }
  }

  /** A message of the device arrived. */
  heard(id: string, at: Instant): void {
    if (this.sightings.get(id)?.silent === true) this.returned.add(id);
    this.sightings.set(id, { last: at, from: at });
  }

  /** What has changed until `now`, each change once. Devices without an expected interval and retired ones are never silent. */
  look(devices: readonly Device[], now: Instant): Turn[] {
    const turns: Turn[] = [];
    for (const device of devices) {
      const { id, expectedInterval, retiredAt } = device;
      const sighting = this.sightings.get(id);
      const last = sighting?.last === undefined ? {} : { last: sighting.last };
      if (this.returned.has(id)) turns.push({ device, silent: false, ...last });
      if (expectedInterval === undefined || (retiredAt !== undefined && retiredAt <= now)) continue;
      if (sighting === undefined) this.sightings.set(id, { from: now });
      else if (sighting.silent !== true && Date.parse(now) - Date.parse(sighting.from) > patience * expectedInterval * 1000) {
        this.sightings.set(id, { ...sighting, silent: true });
        turns.push({ device, silent: true, ...last });
      }
    }
    this.returned.clear();
    return turns;
  }

  isSilent(id: string): boolean {
    return this.sightings.get(id)?.silent === true;
  }

  /** Of very many senders, as a service group may take, the last heard are kept. */
  toKeep(now: Instant): Sightings {
    if (this.sightings.size > mostSightings) {
      const oldest = [...this.sightings].sort(([, a], [, b]) => (a.from < b.from ? -1 : 1));
      for (const [id] of oldest.slice(0, this.sightings.size - mostSightings)) this.sightings.delete(id);
    }
    return { at: now, devices: Object.fromEntries(this.sightings) };
  }
}
