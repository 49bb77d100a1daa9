import {
  deviceInstant,
  isObject,
  readParts,
  refused,
  reject,
  type Device,
  type FieldTable,
  type Measurement,
  type Outcome,
  type Uplink,
} from '#core';

import { always, formOfMains, onBattery, onMains } from './fields.ts';

type Json = Readonly<Record<string, unknown>>;

/** Numbers of every device that are no measurement, and those of lamps, valves and knobs. */
const ofDevice =
  /^(?:linkquality|last_seen|update.*|device.*|.*(?:calibration|precision|count|interval|timeout|sensitivity|level_config|setpoint|duration|time|limit|delay)|brightness.*|color.*|position|tilt|angle.*|.*demand|countdown.*|.*_threshold|max_.*|min_.*|transmit_power|action.*|side|speed|volume|level)$/;
/** A switched load has these, a battery does not. */
const ofLoad = ['power', 'current', 'energy', 'ac_frequency'];

/**
 * What the device exposes, in the units of Zigbee2MQTT. Time is `last_seen` where it is switched on, else the arrival. Switches and
 * settings are passed over; a state without any measurement is the event `state`, unless it holds numbers that are not known
 * (`unmapped_quantity`) and that the registry (`fields`) does not explain. Refuses also `invalid_time`, `invalid_value`, `unsupported_unit`.
 */
export function decode(uplink: Uplink, device?: Device): Outcome<Measurement> & { readonly event?: string } {
  const state = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(state))
    return refused(reject('decode', 'malformed_payload', 'the decoder zigbee2mqtt expected the state of a device in JSON'));
  const seen = state['last_seen'];
  const observedAt = seen === undefined || seen === null ? uplink.receivedAt : deviceInstant(seen);
  if (observedAt === undefined) {
    const message = `last_seen is ${JSON.stringify(seen).slice(0, 80)}; expected ISO 8601 with Z or offset, or Unix time`;
    return refused(reject('decode', 'invalid_time', message, '/last_seen'));
  }
  const contact = typeof state['contact'] === 'boolean' ? { contact: !state['contact'] } : {};
  const part = { fields: { ...state, ...contact }, table: tableOf(state), pointer: '' };
  const outcome = readParts([part], observedAt, { message: state, device });
  if (isInFahrenheit(state)) outcome.rejections.push(reject('decode', 'unsupported_unit', inFahrenheit, '/temperature'));
  if (outcome.values.length + outcome.rejections.length > 0) return outcome;
  const unknown = Object.keys(state).filter((name) => typeof state[name] === 'number' && !ofDevice.test(name));
  if (unknown.length === 0) return { ...outcome, event: 'state' };
  const names = unknown.slice(0, 20).map((name) => `"${name.slice(0, 40)}"`);
  return refused(reject('decode', 'unmapped_quantity', `no quantity of Zigbee2MQTT is known by the name ${names.join(', ')}`));
}

function tableOf(state: Json): FieldTable {
  // No mains have more than 1000 V, no battery less than 1000 mV.
  const hasLoad = ofLoad.some((name) => state[name] !== undefined);
  const hasBattery = state['battery'] !== undefined || state['battery_low'] !== undefined;
  const isOnBattery = hasBattery || (!hasLoad && Number(state['voltage']) > 1000);
  const power = isOnBattery ? onBattery(state['voltage']) : undefined;
  const hasKilopascal = isKilopascal(state['pressure']);
  const isFahrenheit = isInFahrenheit(state);
  const form = `${power?.['voltage']?.[1] ?? formOfMains(state)} ${hasKilopascal} ${isFahrenheit}`;
  let table = tables.get(form);
  if (table === undefined) {
    const { temperature: _temperature, ...withoutTemperature } = always;
    table = {
      ...(isFahrenheit ? withoutTemperature : always),
      ...(hasKilopascal ? { pressure: ['atmosphericPressure', 'kPa'] as const } : {}),
      ...(power ?? onMains(state)),
    };
    if (tables.size >= mostTables) tables.clear();
    tables.set(form, table);
  }
  return table;
}

/** Tables by what they depend on in a state: the same devices send the same forms. */
const tables = new Map<string, FieldTable>();
const mostTables = 200;

/** Air is never between 30 and 110 hPa. */
function isKilopascal(pressure: unknown): boolean {
  const value = Number(pressure);
  return value >= 30 && value <= 110;
}

const inFahrenheit = 'temperature_unit is fahrenheit: whether the temperature is given in it depends on the device; set it to celsius';

function isInFahrenheit(state: Json): boolean {
  return ['temperature_unit', 'temperature_unit_convert'].some((name) => /^f/i.test(String(state[name]))) && state['temperature'] != null;
}
