import type { Decoder, Reading, Uplink } from '../../plugin.ts';
import { fromHex } from '../payload.ts';
import type { DeclaredExample } from './declaration.ts';

/** When an example that does not say it came. */
const usualArrival = '2026-03-02T08:15:00.000Z';

/** The transmission that an example is. */
export function uplinkOfExample(example: DeclaredExample, decoder: string): Uplink {
  const { receivedAt = usualArrival, fPort = 1, hex, json } = example;
  const bytes = hex === undefined ? undefined : (fromHex(hex.replace(/\s/g, '')) ?? new Uint8Array());
  const body: Uplink['body'] = bytes === undefined ? { kind: 'json', value: json } : { kind: 'frame', bytes, fPort };
  return { deviceId: 'example', receivedAt: new Date(receivedAt).toISOString(), defaultDecoder: decoder, body };
}

/** In which points the decoder does not do what the example expects, a sentence for each. */
export function differences(decoder: Decoder, uplink: Uplink, expected: DeclaredExample['expected']): string[] {
  const { values, rejections, event } = decoder.decode(uplink);
  const readings = values.flatMap((record) => decoder.readings(record));
  const found: string[] = [];
  const wanted = wantedReadings(expected.readings, uplink.receivedAt);
  const left = [...readings];
  for (const wish of wanted) {
    const i = best(left, wish);
    const reading = i < 0 ? undefined : left.splice(i, 1)[0];
    if (reading === undefined) found.push(`${nameOf(wish)} was not read; expected ${wish.value}`);
    else if (!isClose(reading.value, wish.value)) found.push(`${nameOf(wish)} is ${reading.value}; expected ${wish.value}`);
  }
  for (const reading of left) found.push(`${nameOf(reading)} ${reading.value} was read, which is not expected`);
  const codes = (expected.rejections ?? []).map((one) => (typeof one === 'string' ? one : one.code));
  for (const { code, message } of rejections) {
    const i = codes.indexOf(code);
    if (i < 0) found.push(`refused as ${code}, which is not expected: ${message}`);
    else codes.splice(i, 1);
  }
  for (const code of codes) found.push(`not refused as ${code}`);
  if (event !== expected.event) found.push(`the event is ${event ?? 'none'}; expected ${expected.event ?? 'none'}`);
  return found;
}

function wantedReadings(readings: DeclaredExample['expected']['readings'], receivedAt: string): Reading[] {
  if (readings === undefined) return [];
  if (Array.isArray(readings)) {
    return (readings as { quantity: string; value: number; observedAt?: string }[]).map(({ quantity, value, observedAt = receivedAt }) => ({
      quantity,
      value,
      observedAt: new Date(observedAt).toISOString(),
    }));
  }
  return Object.entries(readings).map(([quantity, value]) => ({ quantity, value, observedAt: receivedAt }));
}

/** The reading that is meant: of two of one quantity and moment the one with the value. */
function best(readings: readonly Reading[], { quantity, observedAt, value }: Reading): number {
  const alike = (reading: Reading): boolean => reading.quantity === quantity && reading.observedAt === observedAt;
  const same = readings.findIndex((reading) => alike(reading) && isClose(reading.value, value));
  return same >= 0 ? same : readings.findIndex(alike);
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

function nameOf({ quantity, observedAt }: Reading): string {
  return `${quantity} of ${observedAt}`;
}
