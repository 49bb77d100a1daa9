import { isObject, readParts, refused, reject, type FieldTable, type Measurement, type Outcome, type Uplink } from '#core';

/** What every meter tells of itself. */
const own: FieldTable = {
  battery_v: ['batteryVoltage', 'V'],
  battery_pct: ['batteryLevel', '%'],
  rssi_dbm: ['rssi', 'dBm'],
};

const water: FieldTable = {
  ...own,
  voltage_v: ['batteryVoltage', 'V'],
  total_m3: ['waterVolume', 'm³'],
  volume_flow_m3h: ['waterFlow', 'm³/h'],
  flow_m3h: ['waterFlow', 'm³/h'],
  min_flow_m3h: ['waterFlowMin', 'm³/h'],
  max_flow_m3h: ['waterFlowMax', 'm³/h'],
  total_backward_m3: ['waterVolumeReverse', 'm³'],
  total_backwards_m3: ['waterVolumeReverse', 'm³'],
  total_backward_flow_m3: ['waterVolumeReverse', 'm³'],
  backflow_m3: ['waterVolumeReverse', 'm³'],
  flow_temperature_c: ['waterTemperature', '°C'],
  temperature_c: ['waterTemperature', '°C'],
};

const electricity: FieldTable = {
  ...own,
  total_energy_consumption_kwh: ['activeEnergyImport', 'kWh'],
  total_energy_production_kwh: ['activeEnergyExport', 'kWh'],
  current_power_consumption_kw: ['activePower', 'kW'],
  voltage_at_phase_1_v: ['voltageL1', 'V'],
  voltage_at_phase_2_v: ['voltageL2', 'V'],
  voltage_at_phase_3_v: ['voltageL3', 'V'],
  current_at_phase_1_a: ['currentL1', 'A'],
  current_at_phase_2_a: ['currentL2', 'A'],
  current_at_phase_3_a: ['currentL3', 'A'],
};

const room: FieldTable = {
  ...own,
  current_temperature_c: ['airTemperature', '°C'],
  temperature_c: ['airTemperature', '°C'],
  current_relative_humidity_rh: ['relativeHumidity', '%'],
  relative_humidity_rh: ['relativeHumidity', '%'],
};

const tables: Readonly<Record<string, FieldTable>> = {
  water,
  'cold water': water,
  'warm water': water,
  'hot water': water,
  electricity,
  'room sensor': room,
};

/** Words of `status` and `current_status`; what is said of a month before is no alarm now. */
const alarms: readonly (readonly [quantity: string, word: RegExp])[] = [
  ['leakAlarm', /^(?:.*_)?LEAK(?:AGE)?(?:_|$)/],
  ['burstAlarm', /^(?:.*_)?BURST(?:_|$)/],
  ['backflowAlarm', /^(?:.*_)?(?:REVERSE|REVERSED|BACKFLOW)(?:_|$)/],
  ['dryAlarm', /^(?:.*_)?DRY(?:_|$)/],
  ['freezeAlarm', /^(?:.*_)?(?:FREEZE|FREEZING|FROST)(?:_|$)/],
  ['tamperAlarm', /^(?:.*_)?(?:TAMPER|FRAUD)(?:_|$)/],
  ['faultAlarm', /^PERMANENT_ERROR$/],
];
const formerMonth = /(?:^|_)PREV(?:_|$)/;
/** Kamstrup: the probe gives nothing. */
const noTemperature = 127;

/**
 * The reading of now by the kind of meter; registers of due dates and of months are passed over, and a telegram with nothing but them is
 * the event `history`. The moment is the receiver's: the meter's own clock has no zone. Refuses `unmapped_quantity` for other media.
 */
export function decode(uplink: Uplink): Outcome<Measurement> & { readonly event?: string } {
  const telegram = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(telegram)) return refused(reject('decode', 'malformed_payload', 'the decoder wmbusmeters expected a telegram in JSON'));
  const media = String(telegram['media']);
  const table = Object.hasOwn(tables, media) ? tables[media] : undefined;
  if (table === undefined) {
    const message = `the telegram is of the medium "${media.slice(0, 40)}"; expected one of ${Object.keys(tables).join(', ')}`;
    return refused(reject('decode', 'unmapped_quantity', message, '/media'));
  }
  const fields = telegram['flow_temperature_c'] === noTemperature ? { ...telegram, flow_temperature_c: null } : telegram;
  const outcome = readParts([{ fields, table, pointer: '' }], uplink.receivedAt);
  const states = table === water ? alarmsOf(telegram) : {};
  const [measurement] = outcome.values;
  if (measurement === undefined) return outcome.rejections.length > 0 ? outcome : { ...outcome, event: 'history' };
  return { ...outcome, values: [{ ...measurement, values: { ...measurement.values, ...states } }] };
}

/** `OK` ends all alarms; words raise those that they name; without a word nothing is known. */
function alarmsOf(telegram: Readonly<Record<string, unknown>>): Record<string, number> {
  const words = [telegram['status'], telegram['current_status']].flatMap((text) => (typeof text === 'string' ? text.split(/\s+/) : []));
  const now = words.filter((word) => !formerMonth.test(word));
  const raised = alarms.filter(([, pattern]) => now.some((word) => pattern.test(word)));
  if (raised.length > 0) return Object.fromEntries(raised.map(([quantity]) => [quantity, 1]));
  return telegram['status'] === 'OK' ? Object.fromEntries(alarms.map(([quantity]) => [quantity, 0])) : {};
}
