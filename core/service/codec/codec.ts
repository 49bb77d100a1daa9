import type { CodecRun } from '../../decode/declared/decoder.ts';
import { isObject, parseJson } from '../../decode/payload.ts';
import { reject, type Rejection } from '../../rejection.ts';
import { err, ok, type Result } from '../../result.ts';
import { openSandbox, usualLimits, type Limits, type Sandbox } from './sandbox.ts';

/**
 * A vendor's codec as a function. Gives a sentence instead when it cannot be loaded. Calls refuse `refused_by_codec` with the codec's own
 * words, and `codec_failure` when it throws or takes more time or memory than it may; a sandbox that was stopped from outside is built anew.
 */
export async function openCodec(source: string, file: string, limits: Limits = usualLimits): Promise<CodecRun | string> {
  const opened = await openSandbox(source, file, limits);
  if (typeof opened === 'string') return opened;
  let sandbox: Sandbox | undefined = opened;
  let isOpening = false;

  /** Where no memory is left for a new one just now, the next message tries again. */
  function openAgain(): void {
    if (isOpening) return;
    isOpening = true;
    openSandbox(source, file, limits)
      .then((again) => {
        if (typeof again !== 'string') sandbox = again;
      })
      .catch(() => undefined)
      .finally(() => {
        isOpening = false;
      });
  }

  return ({ bytes, fPort, receivedAt }) => {
    if (sandbox === undefined) {
      openAgain();
      return failure(`the codec ${file} is started anew after it was stopped; replay this message`);
    }
    const ended = sandbox.call(bytes, fPort, Date.parse(receivedAt));
    if (ended.kind === 'output') return measurements(ended.json, file);
    if (ended.kind === 'broken') {
      sandbox = undefined;
      openAgain();
    }
    return failure(`the codec ${file} failed: ${ended.reason}`);
  };
}

/** What the output says was measured: `data` of The Things Stack and ChirpStack v4, `object`, or the output itself. */
function measurements(json: string | undefined, file: string): Result<unknown> {
  const output = json === undefined ? undefined : parseJson(json);
  if (output?.ok !== true || !isObject(output.value)) {
    return failure(`the codec ${file} gave ${json === undefined ? 'nothing' : json.slice(0, 80)}; expected an object`);
  }
  const { errors, data, object } = output.value;
  const said: readonly unknown[] = Array.isArray(errors) ? errors : typeof errors === 'string' && errors !== '' ? [errors] : [];
  if (said.length > 0) {
    const words = said.slice(0, 10).map((word) => (typeof word === 'string' ? word : JSON.stringify(word)).slice(0, 100));
    return err(reject('decode', 'refused_by_codec', `the codec ${file} says: ${words.join('; ')}`));
  }
  return ok(isObject(data) ? data : isObject(object) ? object : output.value);
}

function failure(message: string): { readonly ok: false; readonly error: Rejection } {
  return err(reject('decode', 'codec_failure', message));
}
