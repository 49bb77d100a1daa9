/** What the benches publish: one message after the other of so many devices, each with five measures that follow from its number. */

export interface Load {
  readonly messages: number;
  readonly devices: number;
  readonly qos: 0 | 1;
  /** Moment of the first message of each device, in milliseconds; the next ones are a second apart. */
  readonly base: number;
}

export const measures = ['pm10', 'pm25', 'no2', 'o3', 'so2'] as const;

/** Message `n`: its device, its moment (`at` in milliseconds, else the load's own), its five values. */
export function measurement(n: number, { devices, base }: Pick<Load, 'devices' | 'base'>, at?: number) {
  const k = Math.floor(n / devices);
  return {
    device: `sensor-${n % devices}`,
    observedAt: new Date(at ?? base + k * 1_000).toISOString(),
    values: [(n % 90) + 0.5, (n % 40) + 0.25, n % 70, (n % 1200) / 10, n % 20] as const,
  };
}

/** Topic and payload in the form of the FIWARE IoT Agent for JSON. */
export function message(
  n: number,
  load: Pick<Load, 'devices' | 'base'>,
  at?: number,
): { readonly topic: string; readonly payload: string } {
  const { device, observedAt, values } = measurement(n, load, at);
  const fields = Object.fromEntries(measures.map((name, place) => [name, values[place]]));
  return { topic: `/json/key/${device}/attrs`, payload: JSON.stringify({ ...fields, TimeInstant: observedAt }) };
}

export const entityType = 'AirQualityObserved';

export function entityId(device: string): string {
  return `urn:ngsi-ld:${entityType}:${device}`;
}
