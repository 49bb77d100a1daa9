import { isObject } from './payload.ts';

/** Link quality of the gateway that heard the transmission best. Network servers name snr `snr` or, older, `loRaSNR`; 0 dB may be left out. */
export function bestRadio(gateways: unknown): { readonly rssi?: number; readonly snr?: number } | undefined {
  let best: { rssi: number; snr: number } | undefined;
  for (const gateway of Array.isArray(gateways) ? (gateways as unknown[]) : []) {
    if (!isObject(gateway) || !isNumber(gateway['rssi'])) continue;
    const snr = gateway['snr'] ?? gateway['loRaSNR'] ?? 0;
    if (best === undefined || gateway['rssi'] > best.rssi) best = { rssi: gateway['rssi'], snr: isNumber(snr) ? snr : 0 };
  }
  return best;
}

/** JSON can write a number that is none: 1e999. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
