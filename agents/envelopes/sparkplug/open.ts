import {
  deviceIdFault,
  readSparkplug,
  refused,
  reject,
  sparkplugRebirth,
  versionText,
  type Memory,
  type MqttMessage,
  type Opened,
  type SparkplugMetric,
  type Versions,
} from '#core';

import { nodeOf, nothingKnown, type Meaning, type Node } from './node.ts';

const topicForm = /^spBv1\.0\/([^/]*)\/([ND](?:BIRTH|DATA|DEATH|CMD))\/([^/]*)(?:\/([^/]*))?$/;
/** A node that was asked to be born again is not asked once more within this time. */
const patienceMs = 60_000;

/**
 * `spBv1.0/<group>/<type>/<node>[/<device>]`. Births name the metrics, and their aliases are remembered for the node; data may name them by
 * alias alone. An alias that is not known, a node without a birth or a gap in `seq` asks the node for its births. Births and deaths say whether
 * it is there; they and commands are events. Refuses `id_not_allowed`, `malformed_payload`, `unknown_topic`, `missing_field`.
 */
export function open(message: MqttMessage, memory: Memory = new Map()): Opened {
  if (/^spBv1\.0\/STATE(?:\/|$)/.test(message.topic)) return { values: [], rejections: [], event: 'STATE' };
  const [, group = '', type = '', name = '', device] = topicForm.exec(message.topic) ?? [];
  if (type === '') return refused(reject('decode', 'unknown_topic', `the topic ${message.topic} is none of Sparkplug B`));
  const key = `${group}/${name}`;
  const deviceId = [group, name, ...(device === undefined ? [] : [device])].join('.');
  for (const level of [group, name, ...(device === undefined ? [] : [device])]) {
    const fault = deviceIdFault(level, `the topic ${message.topic}`);
    if (fault !== undefined) return refused(fault);
  }
  const tooLong = deviceIdFault(deviceId, `the topic ${message.topic}`);
  if (tooLong !== undefined) return refused(tooLong);
  if (type.endsWith('CMD')) return { values: [], rejections: [], event: type };
  const at = message.receivedAt;
  const offline: Opened = { values: [], rejections: [], event: 'offline', reports: [{ deviceId, at, online: false, withParts: true }] };
  if (type === 'DDEATH') return offline;

  const payload = readSparkplug(message.payload);
  if (!payload.ok) return type === 'NDEATH' ? offline : refused(payload.error);
  const { metrics, seq, timestamp } = payload.value;
  const known = nodeOf(memory.get(key));
  const bdSeq = metrics.find((metric) => metric.name === 'bdSeq')?.value;
  if (type === 'NDEATH') {
    // The will of a connection before this one comes late.
    const isStale = known !== undefined && bdSeq !== undefined && known.bdSeq !== undefined && bdSeq !== known.bdSeq;
    return isStale ? { ...offline, reports: [] } : { ...offline, remember: [[key, undefined]] };
  }
  const isBirth = type.endsWith('BIRTH');
  const before = type === 'NBIRTH' ? nothingKnown : (known ?? nothingKnown);
  const aliases = isBirth ? { ...before.aliases, ...aliasesOf(metrics) } : before.aliases;
  const named = metrics.map((metric) => withName(metric, aliases));
  const nameless = named.filter((metric) => metric.name === undefined).length;

  const isGap = type !== 'NBIRTH' && before.seq !== undefined && seq !== undefined && seq !== (before.seq + 1) % 256;
  const isLost = type !== 'NBIRTH' && (known === undefined || !known.isBorn || isGap || nameless > 0);
  const mayAsk = before.askedAt === undefined || Date.parse(message.receivedAt) - Date.parse(before.askedAt) > patienceMs;
  const asks = isLost && mayAsk;
  const node: Node = {
    aliases,
    isBorn: type === 'NBIRTH' || before.isBorn,
    ...(seq === undefined ? {} : { seq }),
    ...(type === 'NBIRTH' && typeof bdSeq === 'number' ? { bdSeq } : before.bdSeq === undefined ? {} : { bdSeq: before.bdSeq }),
    ...(asks ? { askedAt: message.receivedAt } : before.askedAt === undefined ? {} : { askedAt: before.askedAt }),
  };
  const value = { ...(timestamp === undefined ? {} : { timestamp }), metrics: named.filter((metric) => metric.name !== undefined) };
  return {
    values:
      value.metrics.length === 0
        ? []
        : [{ deviceId, receivedAt: message.receivedAt, defaultDecoder: 'sparkplug', body: { kind: 'json', value } }],
    rejections: nameless === 0 ? [] : [reject('decode', 'missing_field', `${nameless} metrics of ${deviceId} ${withoutBirth}`, '/metrics')],
    ...(isBirth
      ? { event: 'online', reports: [{ deviceId, at, online: true, ...versionsIn(named) }] }
      : value.metrics.length + nameless === 0
        ? { event: 'empty' }
        : {}),
    remember: [[key, node]],
    ...(asks ? { ask: [{ topic: `spBv1.0/${group}/NCMD/${name}`, payload: sparkplugRebirth(Date.parse(message.receivedAt)) }] } : {}),
  };
}

const withoutBirth = 'have an alias that no birth explained; the node was asked for its births';

function withName(metric: SparkplugMetric, aliases: Node['aliases']): SparkplugMetric {
  const meaning: Meaning | undefined = metric.alias === undefined ? undefined : aliases[metric.alias];
  return { ...meaning, ...metric };
}

function versionsIn(metrics: readonly SparkplugMetric[]): Versions {
  const firmware = metrics.find(({ name = '' }) => /^properties\/(?:fw|firmware)(?:[ _]?version)?$/i.test(name))?.value;
  const firmwareVersion = versionText(firmware);
  return firmwareVersion === undefined ? {} : { firmwareVersion };
}

function aliasesOf(metrics: readonly SparkplugMetric[]): Record<string, Meaning> {
  return Object.fromEntries(
    metrics.flatMap(({ alias, name, unit }): [string, Meaning][] =>
      alias === undefined || name === undefined ? [] : [[alias, unit === undefined ? { name } : { name, unit }]],
    ),
  );
}
