import { Counter, Gauge, type Registry } from 'prom-client';

import { deviceStateEntity } from '../entity/device-state.ts';
import { mayHeal } from '../outbox/disk.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Device, Family, Instant } from '../plugin.ts';
import type { Logger } from './log.ts';
import { SilenceWatch, sightingsKey, type Sightings, type Turn } from './silence.ts';

export interface DeviceWatchOptions {
  readonly outbox: Outbox;
  readonly clock: () => Instant;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly families: ReadonlyMap<string, Family>;
  /** The devices of the registry as it is now. */
  devices(): readonly Device[];
  /** Where a device's entities go. */
  tenantOf?(device: Device): string | undefined;
  /** How often is looked; default every second. */
  readonly everyMs?: number;
}

export interface DeviceWatch {
  /** A message of these devices was taken in. */
  heard(ids: readonly string[], at: Instant): void;
  /** The registry was read anew, or refused. */
  reloaded(result: 'taken' | 'refused'): void;
  stop(): void;
}

/** Sightings are kept every so many looks, and at the end. */
const looksBetweenKeeping = 10;

/** Reports devices that fall silent and return: in their Device entity, as metric and once in the log. */
export function watchDevices(options: DeviceWatchOptions): DeviceWatch {
  const { outbox, clock, logger, families, everyMs = 1_000 } = options;
  const watch = new SilenceWatch(outbox.state.get(sightingsKey) as Sightings | undefined, clock());
  const registers = [options.metrics];
  const reloads = new Counter({
    name: 'klavze_registry_reloads_total',
    help: 'New versions of the device registry, taken or refused',
    labelNames: ['result'],
    registers,
  });
  // A rate needs the 0 before the first.
  for (const result of ['taken', 'refused']) reloads.inc({ result }, 0);
  new Gauge({
    name: 'klavze_devices',
    help: 'Devices in the registry',
    registers,
    collect() {
      this.set(options.devices().length);
    },
  });
  new Gauge({
    name: 'klavze_device_silent',
    help: '1 while a device with an expected interval is silent for three of them',
    labelNames: ['device'],
    registers,
    collect() {
      this.reset();
      for (const { id, expectedInterval } of options.devices()) {
        if (expectedInterval !== undefined) this.set({ device: id }, watch.isSilent(id) ? 1 : 0);
      }
    },
  });

  function report({ device, silent, last }: Turn, at: Instant): void {
    const { id, expectedInterval } = device;
    if (silent) logger.warn({ device: id, last, expectedInterval }, `device "${id}" is silent for three expected intervals`);
    else logger.info({ device: id, last }, `device "${id}" reports again`);
    const family = families.get(device.family);
    if (family === undefined) return;
    const entity = deviceStateEntity(device, family, silent ? 'silent' : 'online', at);
    const tenant = options.tenantOf?.(device);
    const origin = { plugin: 'core/service', from: `device ${id}`, receivedAt: at, ...(tenant !== undefined && { tenant }) };
    // Rejects only when the outbox was closed meanwhile: then the turn is found again after the restart.
    outbox.append({ publications: [{ entity, origin }], deadLetters: [] }).catch(() => undefined);
  }

  /** On a full disk they are kept at a later look; after a restart a device that was heard meanwhile may count as silent for a while. */
  function keep(now: Instant): void {
    try {
      outbox.state.set(sightingsKey, watch.toKeep(now));
    } catch (error) {
      if (!mayHeal(error)) throw error;
      logger.debug({ err: error }, 'sightings of devices could not be noted');
    }
  }

  let looks = 0;
  function look(): void {
    if (!outbox.writable) return;
    const now = clock();
    const turns = watch.look(options.devices(), now);
    for (const turn of turns) report(turn, now);
    looks += 1;
    if (turns.length > 0 || looks % looksBetweenKeeping === 0) keep(now);
  }

  const timer = setInterval(look, everyMs);
  return {
    heard(ids, at) {
      for (const id of ids) watch.heard(id, at);
    },
    reloaded: (result) => reloads.inc({ result }),
    stop() {
      clearInterval(timer);
      if (outbox.writable) keep(clock());
    },
  };
}
