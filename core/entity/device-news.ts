import type { Device, Instant } from '../plugin.ts';

/** A Device entity that says nothing new but the time is published once in so long. */
const pauseMs = 60_000;
const mostDevices = 50_000;

/**
 * Remembers when the Device entity of each device was last published, so that a fast sensor does not double what the broker is sent: only
 * `dateLastValueReported` would change. See ADR 0016.
 */
export class DeviceNews {
  private readonly published = new Map<string, { readonly device: Device; readonly at: number }>();

  /** Whether the Device entity of this uplink says more than the time, or the pause is over. It is then held to be published. */
  isNews(device: Device, heardAt: Instant, saysMore: boolean): boolean {
    const at = momentOf(heardAt);
    const last = this.published.get(device.id);
    if (!saysMore && last?.device === device && at - last.at < pauseMs && at >= last.at) return false;
    if (this.published.size >= mostDevices) this.published.clear();
    this.published.set(device.id, { device, at });
    return true;
  }

  /** Something else was said of the device (offline): its next uplink is news. */
  forget(deviceId: string): void {
    this.published.delete(deviceId);
  }
}

/** The messages of one moment come together. */
let lastText = '';
let lastTime = NaN;

function momentOf(instant: Instant): number {
  if (instant !== lastText) [lastText, lastTime] = [instant, Date.parse(instant)];
  return lastTime;
}
