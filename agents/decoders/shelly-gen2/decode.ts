import {
  deviceInstant,
  isObject,
  readParts,
  refused,
  reject,
  type Device,
  type Measurement,
  type Outcome,
  type Part,
  type Uplink,
} from '#core';

import { nameless, tables } from './fields.ts';

/** Devices made to measure the room; in all others of the maker's names `temperature:0` is the warmth of the electronics. */
const thermometer = /^shelly(?:plus)?(?:ht|blu|walldisplay)/i;

/**
 * Components by their type. Time is `ts` of the notification, else `sys.unixtime`, else the arrival; both are null before the clock is
 * set. What a voltmeter or a Bluetooth sensor measures, the registry says (`fields`, by `<component>/<member>`). A status that measures
 * nothing is the event `status`. Refuses `invalid_time`, `invalid_value`, `unmapped_quantity`.
 */
export function decode(uplink: Uplink, device?: Device): Outcome<Measurement> & { readonly event?: string } {
  const status = uplink.body.kind === 'json' ? uplink.body.value : undefined;
  if (!isObject(status)) return refused(reject('decode', 'malformed_payload', 'the decoder shelly-gen2 expected a status in JSON'));
  const time = status['ts'] ?? (isObject(status['sys']) ? status['sys']['unixtime'] : undefined) ?? undefined;
  const observedAt = time === undefined ? uplink.receivedAt : deviceInstant(time);
  if (observedAt === undefined) {
    return refused(
      reject('decode', 'invalid_time', `the status is stamped ${JSON.stringify(time).slice(0, 80)}; expected Unix time`, '/ts'),
    );
  }
  const parts = Object.entries(status).flatMap(([name, fields]) => partOf(name, fields, status));
  const outcome = readParts(parts, observedAt, { message: status, device });
  if (isDoubtful(status)) outcome.rejections.push(reject('decode', 'unmapped_quantity', doubt, '/temperature:0'));
  if (outcome.values.length + outcome.rejections.length > 0) return outcome;
  const unknown = Object.entries(status).flatMap(([name, fields]) => namelessOf(name, fields));
  if (unknown.length === 0) return { ...outcome, event: 'status' };
  const message = `what ${unknown.slice(0, 20).join(', ')} measures is not known; say it in the device registry: fields: { ${unknown[0]}: { quantity: …, unit: … } }`;
  return refused(reject('decode', 'unmapped_quantity', message));
}

function namelessOf(name: string, fields: unknown): string[] {
  const [type = ''] = name.split(':');
  const member = Object.hasOwn(nameless, type) ? nameless[type] : undefined;
  return member !== undefined && isObject(fields) && typeof fields[member] === 'number' ? [`${name.slice(0, 20)}/${member}`] : [];
}

function partOf(name: string, fields: unknown, status: Readonly<Record<string, unknown>>): Part[] {
  const [type = '', channel = '0'] = name.split(':');
  const table = Object.hasOwn(tables, type) ? tables[type] : undefined;
  if (table === undefined || !isObject(fields)) return [];
  if (type === 'temperature' && Number(channel) < 100 && !isOfRoom(status)) return [];
  // 0 dBm stands for "not connected".
  if (type === 'wifi' && fields['rssi'] === 0) return [];
  return [{ fields, table, pointer: `/${name}` }];
}

function isOfRoom(status: Readonly<Record<string, unknown>>): boolean {
  return status['humidity:0'] !== undefined || thermometer.test(String(status['id']));
}

const doubt = 'whether temperature:0 is of the room or of the electronics is not known; keep the topic prefix that the device came with';

/** A prefix of one's own does not tell what the device is. */
function isDoubtful(status: Readonly<Record<string, unknown>>): boolean {
  return status['temperature:0'] !== undefined && !isOfRoom(status) && !/^shelly/i.test(String(status['id']));
}
