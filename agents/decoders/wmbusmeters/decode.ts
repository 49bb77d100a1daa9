import { isObject, readParts, refused, reject, type Device, type FieldTable, type Measurement, type Outcome, type Uplink } from '#core';

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
  current_flow_m3h: ['waterFlow', 'm³/h'],
  flow_temperature_c: ['waterTemperature', '°C'],
  temperature_c: ['waterTemperature', '°C'],
};

const electricity: FieldTable = {
  ...own,
  total_energy_consumption_kwh: ['activeEnergyImport', 'kWh'],
  total_energy_production_kwh: ['activeEnergyExport', 'kWh'],
  total_reactive_energy_consumption_kvarh: ['reactiveEnergyImport', 'kvarh'],
  total_reactive_energy_production_kvarh: ['reactiveEnergyExport', 'kvarh'],
  raw_frequency_hz: ['frequency', 'Hz'],
  power_factor: ['powerFactor', '0..1'],
  net_power_kw: ['activePower', 'kW'],
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
  ['backflowAlarm', /^(?:.*_)?(?:REVERSE|REVERSED|BACKFLOW|BACK_FLOW)(?:_|$)/],
  ['dryAlarm', /^(?:.*_)?DRY(?:_|$)/],
  ['freezeAlarm', /^(?:.*_)?(?:FREEZE|FREEZING|FROST)(?:_|$)/],
  ['tamperAlarm', /^(?:.*_)?(?:TAMPER|FRAUD)(?:_|$)/],
  ['faultAlarm', /^PERMANENT_ERROR$/],
];
const former = /(?:^|_)(?:PREV|PREVIOUSLY)(?:_|$)/;
/** Kamstrup and Axioma: there is no probe, or it gives nothing. */
const noTemperature: readonly unknown[] = [127, -100];
const noAlarm = /^(?:OK|NO_ALARM)$/;
/** Speaks of the battery, and of the pipe without a flow. */
const notOfMeter = /^(?:POWER_LOW|LOW_BATTERY|BATTERY_LOW|NO_FLOW)(?:_|$)/;

/**
 * The reading of now by the kind of meter; registers of due dates and of months are passed over, and a telegram with nothing but them is
 * the event `history`. The moment is the receiver's: the meter's own clock has no zone. Refuses `unmapped_quantity` for other media.
 */
export function decode(uplink: Uplink, device?: Device): Outcome<Measurement> & { readonly event?: string } {
  const telegram = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(telegram)) return refused(reject('decode', 'malformed_payload', 'the decoder wmbusmeters expected a telegram in JSON'));
  const media = String(telegram['media']);
  const table = Object.hasOwn(tables, media) ? tables[media] : undefined;
  if (table === undefined) {
    const message = `the telegram is of the medium "${media.slice(0, 40)}"; expected one of ${Object.keys(tables).join(', ')}`;
    return refused(reject('decode', 'unmapped_quantity', message, '/media'));
  }
  const isMute = noTemperature.includes(telegram['flow_temperature_c']);
  const fields = { ...telegram, net_power_kw: netPower(telegram), ...(isMute ? { flow_temperature_c: null } : {}) };
  const outcome = readParts([{ fields, table, pointer: '' }], uplink.receivedAt, { message: telegram, device });
  const states = table === water ? alarmsOf(telegram) : {};
  const [measurement] = outcome.values;
  if (measurement === undefined) return outcome.rejections.length > 0 ? outcome : { ...outcome, event: 'history' };
  return { ...outcome, values: [{ ...measurement, values: { ...measurement.values, ...states } }] };
}

/**
 * The words of a status are all that is on: those that are named are raised, the others end. `OK` ends all. With a word that is not known
 * none ends, and without a word nothing is known.
 */
function alarmsOf(telegram: Readonly<Record<string, unknown>>): Record<string, number> {
  const states = [telegram['status'], telegram['current_status'], telegram['current_alarms']];
  const words = states.flatMap((text) => (typeof text === 'string' ? text.toUpperCase().split(/[\s,]+/) : []));
  const now = words.filter((word) => !former.test(word));
  const isOn = ([, pattern]: (typeof alarms)[number]): boolean => now.some((word) => pattern.test(word));
  const isClear = words.some((word) => word !== '') && now.every((word) => isKnown(word));
  return Object.fromEntries(alarms.filter((alarm) => isClear || isOn(alarm)).map((alarm) => [alarm[0], Number(isOn(alarm))]));
}

/** Whether it is certain that a word stands for no other alarm. */
function isKnown(word: string): boolean {
  return word === '' || noAlarm.test(word) || notOfMeter.test(word) || alarms.some(([, pattern]) => pattern.test(word));
}

/** What flows in less what flows out, in kW: meters with two directions give both, and one of them is 0. */
function netPower(telegram: Readonly<Record<string, unknown>>): unknown {
  const { current_power_consumption_kw: consumed, current_power_production_kw: produced } = telegram;
  if (typeof produced !== 'number') return consumed;
  if (consumed !== undefined && consumed !== null && typeof consumed !== 'number') return consumed;
  return Number(((consumed ?? 0) - produced).toPrecision(12));
}
