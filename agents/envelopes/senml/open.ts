import {
  deviceIdFault,
  isObject,
  looksLikeCbor,
  looksLikeSenml,
  readJson,
  readSenmlCbor,
  refused,
  reject,
  type MqttMessage,
  type Outcome,
  type Uplink,
} from '#core';

/** Fields that hold for the records after them (RFC 8428 4.1), save the base name. */
const baseFields = ['bt', 'bu', 'bv', 'bs', 'bver'];

/**
 * `senml/<deviceId>`: one pack of one device, whose base name is tried as another id of it. `senml` alone: the base names name the
 * devices, and a pack of several is taken apart. In JSON or in CBOR. Refuses `id_not_allowed`, `missing_field`, `malformed_payload`.
 */
export function open(message: MqttMessage): Outcome<Uplink> {
  const deviceId = /^(?:ingest\/)?senml\/(.*)$/s.exec(message.topic)?.[1];
  const fault = deviceId === undefined ? undefined : deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  const payload = looksLikeCbor(message.payload) ? readSenmlCbor(message.payload) : readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  if (!looksLikeSenml(payload.value)) {
    return refused(reject('decode', 'malformed_payload', 'the message is no SenML pack; expected an array of records in JSON or CBOR'));
  }
  const pack = payload.value as unknown[];
  if (deviceId !== undefined) {
    const name = isObject(pack[0]) ? idOf(pack[0]['bn']) : undefined;
    const alsoKnownAs = name === undefined || name === deviceId ? {} : { alsoKnownAs: [name] };
    return { values: [{ ...uplinkOf(deviceId, pack, message), ...alsoKnownAs }], rejections: [] };
  }
  const outcome: Outcome<Uplink> = { values: [], rejections: [] };
  for (const [name, records] of byBaseName(pack)) {
    const unnamed = idOf(name);
    const refusal = name === '' ? reject('decode', 'missing_field', noName, '/0/bn') : deviceIdFault(unnamed, `the base name "${name}"`);
    if (refusal !== undefined) outcome.rejections.push(refusal);
    else outcome.values.push({ ...uplinkOf(unnamed ?? '', records, message), ...(unnamed === name ? {} : alias(name)) });
  }
  return outcome;
}

const noName = 'the SenML pack has no base name; expected one that names the device, or the topic senml/<deviceId>';

/** Records by base name; base fields before a change of it hold on. */
function byBaseName(pack: readonly unknown[]): Map<string, unknown[]> {
  const packs = new Map<string, unknown[]>();
  let carried: Record<string, unknown> = {};
  let name = '';
  for (const record of pack) {
    if (!isObject(record)) {
      packs.set(name, [...(packs.get(name) ?? []), record]);
      continue;
    }
    const before = carried;
    carried = { ...carried, ...Object.fromEntries(Object.entries(record).filter(([field]) => baseFields.includes(field))) };
    if (typeof record['bn'] === 'string') name = record['bn'].slice(0, 300);
    const records = packs.get(name);
    if (records === undefined) packs.set(name, [{ ...before, ...record }]);
    else records.push({ ...carried, ...record });
  }
  return packs;
}

/** `urn:dev:mac:0024befffe804ff1/` names the device 0024befffe804ff1. */
function idOf(baseName: unknown): string | undefined {
  if (typeof baseName !== 'string') return undefined;
  return baseName
    .replace(/[:/_]+$/, '')
    .split(/[:/]/)
    .at(-1);
}

function alias(name: string): { readonly alsoKnownAs?: readonly string[] } {
  const whole = name.replace(/[:/]+$/, '');
  return deviceIdFault(whole, '') === undefined ? { alsoKnownAs: [whole] } : {};
}

function uplinkOf(deviceId: string, pack: readonly unknown[], message: MqttMessage): Uplink {
  return { deviceId, receivedAt: message.receivedAt, defaultDecoder: 'senml', body: { kind: 'json', value: pack } };
}
