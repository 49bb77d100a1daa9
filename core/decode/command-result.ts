import type { CommandResult, Opened, Uplink } from '../plugin.ts';
import { reject } from '../rejection.ts';
import { refused } from '../result.ts';
import { isObject, parseJson } from './payload.ts';

/**
 * What a device answered to a command on `…/cmdexe`, `{"<command>":<result>}` or `<deviceId>@<command>|<result>`: an event with results. A
 * result `{"error":…}` is one of a command that failed. Refuses `malformed_payload`.
 */
export function commandResult({ deviceId, receivedAt }: Pick<Uplink, 'deviceId' | 'receivedAt'>, text: string): Opened {
  const answers = answersOf(text);
  if (answers === undefined) {
    const message = `the result of a command of "${deviceId}" is neither a JSON object nor <device>@<command>|<result>`;
    return refused(reject('decode', 'malformed_payload', message));
  }
  const results = answers.map(([name, answer]): CommandResult => {
    const failure = isObject(answer) ? answer['error'] : undefined;
    return {
      deviceId,
      at: receivedAt,
      name,
      ...(failure === undefined ? { status: 'OK', info: answer } : { status: 'ERROR', info: failure }),
    };
  });
  return { values: [], rejections: [], event: 'command result', results };
}

function answersOf(text: string): [string, unknown][] | undefined {
  const ultralight = /^\s*[^@|]+@([^|]+)\|(.*)$/s.exec(text);
  if (ultralight !== null) return [[ultralight[1] ?? '', ultralight[2]?.trim() ?? '']];
  const json = parseJson(text);
  return json.ok && isObject(json.value) ? Object.entries(json.value) : undefined;
}
