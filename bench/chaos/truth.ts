/** What is published, so that every part of the bench can say of a value whether it is the right one. Pure. */

/** Of one device: a sensor for fine dust that stamps its own time. */
export interface Truth {
  /** Part of every device id, so that runs against one broker do not meet. */
  readonly run: string;
  readonly devices: number;
  /** Moment of the first message, milliseconds; each further one of the same device comes `stepMs` later. */
  readonly base: number;
}

export const entityType = 'AirQualityObserved';
const stepMs = 200;

export const deviceId = (truth: Truth, device: number): string => `chaos-${truth.run}-${device}`;
export const entityId = (truth: Truth, device: number): string => `urn:ngsi-ld:${entityType}:${deviceId(truth, device)}`;

/** Message n: its device, its moment, and a value that follows from both. */
export function published(truth: Truth, n: number): { readonly device: number; readonly observedAt: string; readonly pm10: number } {
  const observedAt = new Date(truth.base + Math.floor(n / truth.devices) * stepMs).toISOString();
  return { device: n % truth.devices, observedAt, pm10: ((n * 7) % 800) / 10 };
}

/** The message that a value at the broker came from; undefined when it is none of this run. */
export function messageOf(truth: Truth, entity: string, observedAt: string): number | undefined {
  const start = `urn:ngsi-ld:${entityType}:chaos-${truth.run}-`;
  if (!entity.startsWith(start)) return undefined;
  const device = Number(entity.slice(start.length));
  const state = (Date.parse(observedAt) - truth.base) / stepMs;
  const isOurs = Number.isInteger(device) && device >= 0 && device < truth.devices && Number.isInteger(state) && state >= 0;
  return isOurs ? state * truth.devices + device : undefined;
}
