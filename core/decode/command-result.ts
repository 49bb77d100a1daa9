import type { Uplink } from '../plugin.ts';
import { reject } from '../rejection.ts';
import { accepted, refused, type Outcome } from '../result.ts';
import { isObject, parseJson } from './payload.ts';

/**
 * What a device answered to a command on `…/cmdexe`, `{"<command>":<result>}` or `<deviceId>@<command>|<result>`: an event, with an uplink
 * of `<command>_status` and `<command>_info` for the entity of a provisioned device. Refuses `malformed_payload`.
 */
export function commandResult(
  uplink: Pick<Uplink, 'deviceId' | 'receivedAt'>,
  text: string,
): Outcome<Uplink> & { readonly event?: string } {
  const results = resultsOf(text);
  if (results === undefined) {
    const message = `the result of a command of "${uplink.deviceId}" is neither a JSON object nor <device>@<command>|<result>`;
    return refused(reject('decode', 'malformed_payload', message));
  }
  const fields = results.flatMap(([name, info]) => [
    [`${name}_status`, 'OK'],
    [`${name}_info`, info],
  ]);
  const body = { kind: 'json', value: Object.fromEntries(fields) as unknown } as const;
  return { ...accepted({ ...uplink, defaultDecoder: 'json', isOfNetwork: true, body } satisfies Uplink), event: 'command result' };
}

function resultsOf(text: string): [string, unknown][] | undefined {
  const ultralight = /^\s*[^@|]+@([^|]+)\|(.*)$/s.exec(text);
  if (ultralight !== null) return [[ultralight[1] ?? '', ultralight[2]?.trim() ?? '']];
  const json = parseJson(text);
  return json.ok && isObject(json.value) ? Object.entries(json.value) : undefined;
}
