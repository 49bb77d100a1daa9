import {
  deviceIdFault,
  deviceInstant,
  isObject,
  readJson,
  refused,
  reject,
  type MqttMessage,
  type Opened,
  type Outcome,
  type Uplink,
} from '#core';

type Json = Readonly<Record<string, unknown>>;

/**
 * The answer of `GET /v1/sensors/<index>` (the members of `sensor`, or these alone), the list of `GET /v1/sensors` (`fields` and rows of
 * `data`), or what the sensor itself answers under `/json`. The topic names the sensor; where it does not (`/ingest/purpleair`), its
 * `sensor_index` or `SensorId` does. Time is `last_seen` or `DateTime`, when the sensor reported. An `error` is an event.
 */
export function open(message: MqttMessage): Opened {
  const named = /^(?:ingest\/)?purpleair\/(.*)$/s.exec(message.topic)?.[1];
  const fault = named === undefined ? undefined : deviceIdFault(named, `the topic ${message.topic}`);
  if (fault !== undefined) return refused(fault);
  const payload = readJson(message.payload);
  if (!payload.ok) return refused(payload.error);
  const answer = payload.value;
  if (!isObject(answer))
    return refused(reject('decode', 'malformed_payload', 'the message is no JSON object; expected a PurpleAir sensor'));
  if (typeof answer['error'] === 'string') return { values: [], rejections: [], event: 'error' };
  const rows = rowsOf(answer);
  const { data_time_stamp: madeAt } = answer;
  if (rows !== undefined)
    return openRows(
      rows.map((row) => (madeAt === undefined ? row : { last_seen: madeAt, ...row })),
      named,
      message,
    );
  return openSensor(isObject(answer['sensor']) ? answer['sensor'] : answer, named, message);
}

function openRows(rows: readonly Json[], named: string | undefined, message: MqttMessage): Opened {
  const outcome: Outcome<Uplink> = { values: [], rejections: [] };
  for (const row of rows) {
    // One row of a topic with a name is that sensor; several name themselves.
    const { values, rejections } = openSensor(row, rows.length === 1 ? named : undefined, message);
    outcome.values.push(...values);
    outcome.rejections.push(...rejections);
  }
  return rows.length === 0 ? { ...outcome, event: 'empty' } : outcome;
}

function openSensor(sensor: Json, named: string | undefined, message: MqttMessage): Outcome<Uplink> {
  const { sensor_index: number, SensorId: mac } = sensor;
  const index = typeof number === 'number' ? String(number) : typeof mac === 'string' ? mac.toLowerCase() : undefined;
  const deviceId = named ?? index;
  const fault = deviceIdFault(deviceId, `the message on ${message.topic}`);
  if (fault !== undefined || deviceId === undefined)
    return refused(fault ?? reject('decode', 'id_not_allowed', 'the message names no sensor'));
  const field = ['last_seen', 'DateTime'].find((name) => sensor[name] !== undefined);
  const receivedAt = field === undefined ? message.receivedAt : deviceInstant(asIso(sensor[field]));
  if (field !== undefined && receivedAt === undefined) {
    const found = `${field} is ${JSON.stringify(sensor[field]).slice(0, 80)}; expected Unix time, or the sensor's date with a z`;
    return refused(reject('decode', 'invalid_time', found, `/sensor/${field}`));
  }
  const isAlias = index !== undefined && index !== deviceId && deviceIdFault(index, '') === undefined;
  const uplink: Uplink = {
    deviceId,
    ...(isAlias ? { alsoKnownAs: [index] } : {}),
    receivedAt: receivedAt ?? message.receivedAt,
    defaultDecoder: 'purpleair',
    body: { kind: 'json', value: sensor },
  };
  return { values: [uplink], rejections: [] };
}

/** A list has the names once and the values in rows. */
function rowsOf({ fields, data }: Json): Json[] | undefined {
  if (!Array.isArray(fields) || !Array.isArray(data)) return undefined;
  const names = fields as unknown[];
  return (data as unknown[]).map((row) =>
    Array.isArray(row) ? Object.fromEntries(names.map((name, i): [string, unknown] => [String(name), (row as unknown[])[i] ?? null])) : {},
  );
}

/** The sensor writes 2026/07/02T08:14:58z. */
function asIso(time: unknown): unknown {
  return typeof time === 'string' ? time.replace(/^(\d{4})\/(\d\d)\/(\d\d)T/, '$1-$2-$3T') : time;
}
