import { deviceInstant, isObject, readParts, refused, reject, type Measurement, type Outcome, type Uplink } from '#core';

import { always, onBattery, onMains } from './fields.ts';

/** Numbers of every device that are no measurement. */
const ofDevice =
  /^(?:linkquality|last_seen|update.*|device.*|.*(?:calibration|precision|count|interval|timeout|sensitivity|level_config))$/;

/**
 * What the device exposes, in the units of Zigbee2MQTT. Time is `last_seen` where it is switched on, else the arrival. Switches and
 * settings are passed over; a state without any measurement is the event `state`, unless it holds numbers that are not known
 * (`unmapped_quantity`). Refuses also `invalid_time`, `invalid_value`.
 */
export function decode(uplink: Uplink): Outcome<Measurement> & { readonly event?: string } {
  const state = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(state))
    return refused(reject('decode', 'malformed_payload', 'the decoder zigbee2mqtt expected the state of a device in JSON'));
  const seen = state['last_seen'];
  const observedAt = seen === undefined || seen === null ? uplink.receivedAt : deviceInstant(seen);
  if (observedAt === undefined) {
    const message = `last_seen is ${JSON.stringify(seen).slice(0, 80)}; expected ISO 8601 with Z or offset, or Unix time`;
    return refused(reject('decode', 'invalid_time', message, '/last_seen'));
  }
  // No mains have more than 1000 V, no battery less than 1000 mV.
  const isOnBattery = state['battery'] !== undefined || state['battery_low'] !== undefined || Number(state['voltage']) > 1000;
  const contact = typeof state['contact'] === 'boolean' ? { contact: !state['contact'] } : {};
  const table = { ...always, ...(isOnBattery ? onBattery : onMains) };
  const outcome = readParts([{ fields: { ...state, ...contact }, table, pointer: '' }], observedAt);
  if (outcome.values.length + outcome.rejections.length > 0) return outcome;
  const unknown = Object.keys(state).filter((name) => typeof state[name] === 'number' && !ofDevice.test(name));
  if (unknown.length === 0) return { ...outcome, event: 'state' };
  const names = unknown.slice(0, 20).map((name) => `"${name.slice(0, 40)}"`);
  return refused(reject('decode', 'unmapped_quantity', `no quantity of Zigbee2MQTT is known by the name ${names.join(', ')}`));
}
