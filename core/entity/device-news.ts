import type { Device, Instant, Reading, Uplink } from '../plugin.ts';
import { isDeviceQuantity } from './device.ts';

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
  isNews(device: Device, readings: readonly Reading[], uplink: Uplink, saysMore: boolean): boolean {
    const at = momentOf(uplink.receivedAt);
    const last = this.published.get(device.id);
    const isKnown = last?.device === device && at - last.at < pauseMs && at >= last.at;
    if (isKnown && !saysMore && uplink.radio === undefined && !readings.some(({ quantity }) => isDeviceQuantity(quantity))) return false;
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
