import { createRequire } from 'node:module';
import type Protobuf from 'protobufjs/light.js';

import { reject } from '../rejection.ts';
import { err, ok, type Result } from '../result.ts';

/** A metric as it came. The name may be left out when the birth gave it an alias; aliases are texts, they may be beyond 2^53. */
export interface SparkplugMetric {
  readonly name?: string;
  readonly alias?: string;
  /** Unix time in milliseconds. */
  readonly timestamp?: number;
  /** Left out for null and for types that are no plain value (data sets, templates, files). */
  readonly value?: number | boolean | string;
  /** The property `engUnit` of a birth. */
  readonly unit?: string;
}

export interface SparkplugPayload {
  readonly timestamp?: number;
  /** 0 to 255, one more with each message of a node. */
  readonly seq?: number;
  readonly metrics: readonly SparkplugMetric[];
}

type Raw = Readonly<Record<string, unknown>>;

/** Eclipse Sparkplug 3.0, 6.4: the messages and fields that are read; all others are passed over. */
const types = {
  nested: {
    Payload: {
      fields: {
        timestamp: { id: 1, type: 'uint64' },
        metrics: { id: 2, rule: 'repeated', type: 'Metric' },
        seq: { id: 3, type: 'uint64' },
      },
    },
    Metric: {
      fields: {
        name: { id: 1, type: 'string' },
        alias: { id: 2, type: 'uint64' },
        timestamp: { id: 3, type: 'uint64' },
        datatype: { id: 4, type: 'uint32' },
        isNull: { id: 7, type: 'bool' },
        properties: { id: 9, type: 'PropertySet' },
        intValue: { id: 10, type: 'uint32' },
        longValue: { id: 11, type: 'uint64' },
        floatValue: { id: 12, type: 'float' },
        doubleValue: { id: 13, type: 'double' },
        booleanValue: { id: 14, type: 'bool' },
        stringValue: { id: 15, type: 'string' },
      },
    },
    PropertySet: {
      fields: { keys: { id: 1, rule: 'repeated', type: 'string' }, values: { id: 2, rule: 'repeated', type: 'PropertyValue' } },
    },
    PropertyValue: { fields: { stringValue: { id: 8, type: 'string' } } },
  },
};

let known: Protobuf.Type | undefined;

/** Made with the first message: few have such devices, and the library takes its place in memory. */
function payloadType(): Protobuf.Type {
  if (known === undefined) {
    const protobuf = createRequire(import.meta.url)('protobufjs/light.js') as typeof Protobuf;
    known = protobuf.Root.fromJSON(types).lookupType('Payload');
  }
  return known;
}

/** Whole numbers with a sign travel as unsigned ones of 32 or 64 bits (6.4.16). */
const signed: Readonly<Record<number, bigint | undefined>> = { 1: 32n, 2: 32n, 3: 32n, 4: 64n };
const booleanType = 11;
const dateTimeType = 13;

/** A Sparkplug B payload (protobuf). Refuses `malformed_payload`. */
export function readSparkplug(bytes: Uint8Array): Result<SparkplugPayload> {
  try {
    const raw = payloadType().toObject(payloadType().decode(bytes), { longs: String }) as Raw;
    const metrics = (raw['metrics'] ?? []) as Raw[];
    return ok({ ...numbers(raw, 'timestamp', 'seq'), metrics: metrics.map(metricOf) });
  } catch (error) {
    return err(reject('decode', 'malformed_payload', `the message is no Sparkplug B payload: ${(error as Error).message.slice(0, 120)}`));
  }
}

/** The command that makes a node send its births again (6.4.21, `Node Control/Rebirth`). */
export function sparkplugRebirth(timestamp: number): Uint8Array {
  const metric = { name: 'Node Control/Rebirth', timestamp, datatype: booleanType, booleanValue: true };
  return payloadType()
    .encode(payloadType().fromObject({ timestamp, metrics: [metric] }))
    .finish();
}

function metricOf(raw: Raw): SparkplugMetric {
  const { name, alias, isNull } = raw;
  const value = isNull === true ? undefined : valueOf(raw);
  const unit = unitOf(raw['properties']);
  return {
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
    ...(typeof alias === 'string' ? { alias } : {}),
    ...numbers(raw, 'timestamp'),
    ...(value === undefined ? {} : { value }),
    ...(unit === undefined ? {} : { unit }),
  };
}

function valueOf({ datatype, intValue, longValue, ...raw }: Raw): number | boolean | string | undefined {
  const whole = intValue ?? longValue;
  if (whole !== undefined) {
    if (datatype === dateTimeType) return undefined;
    const bits = typeof datatype === 'number' ? signed[datatype] : undefined;
    const number = BigInt(whole as number | string);
    return Number(bits === undefined ? number : BigInt.asIntN(Number(bits), number));
  }
  return (raw['floatValue'] ?? raw['doubleValue'] ?? raw['booleanValue'] ?? raw['stringValue']) as number | boolean | string | undefined;
}

function unitOf(properties: unknown): string | undefined {
  const { keys = [], values = [] } = (properties ?? {}) as { keys?: string[]; values?: { stringValue?: string }[] };
  return values[keys.indexOf('engUnit')]?.stringValue;
}

function numbers<K extends string>(raw: Raw, ...names: K[]): { readonly [key in K]?: number } {
  return Object.fromEntries(names.filter((name) => raw[name] !== undefined).map((name) => [name, Number(raw[name])])) as {
    readonly [key in K]?: number;
  };
}
