import { isObject } from '#core';

type Json = Readonly<Record<string, unknown>>;

/** Components that measure, of the device (`wifi`) or of one of its channels (`switch:1`). */
export const measuring =
  /^(?:temperature|humidity|illuminance|devicepower|em|emdata|em1|em1data|switch|pm1|cover|light|flood|voltmeter|bthomesensor|blutrv|wifi)(?::(\d{1,3}))?$/;

/**
 * The measuring components of a status as devices, by what follows the id: '' for channel 0 and what has no channel; a channel of its
 * own is another load or another probe. Each keeps what tells the time.
 */
export function channelsOf(status: Json): Map<string, Json> {
  const time = Object.fromEntries(Object.entries(status).filter(([name]) => name === 'ts' || name === 'sys'));
  const channels = new Map<string, Json>();
  for (const [name, component] of Object.entries(status)) {
    const match = measuring.exec(name);
    if (match === null || !isObject(component)) continue;
    const channel = match[1] === undefined || Number(match[1]) === 0 ? '' : match[1];
    channels.set(channel, { ...(channels.get(channel) ?? time), [name]: component });
  }
  return channels;
}
