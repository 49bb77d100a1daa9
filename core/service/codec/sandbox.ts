import vm from 'node:vm';

import wasmFile from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core';

import { wrapped } from './prelude.ts';

/** The package types itself as CommonJS; what is imported is its ES module. */
const variant = wasmFile as unknown as QuickJSSyncVariant;

/** Node has it; the types of Node do not. */
declare const WebAssembly: { readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } };

/** What one call may take. */
export interface Limits {
  /** Milliseconds after which the codec itself is stopped. */
  readonly softMs: number;
  /** Milliseconds after which the whole sandbox is, within a single operation of the language as well. */
  readonly hardMs: number;
}

export const usualLimits: Limits = { softMs: 100, hardMs: 250 };

/** Loading compiles the engine as well. */
const loadMs = 2_000;

/** A codec gets the 16 MiB with which its engine begins and no more. */
const memoryPages = 256;
const stackBytes = 128 * 1024;
/** Output longer than this is no reading of a sensor. */
const longestOutput = 256 * 1024;
/** How far above the engine's own memory a codec may come when it is loaded. */
const loadBytes = 2 * 1024 * 1024;
const largestGapAtLeast = 1024 * 1024;

/** How a call ended: with JSON, by the codec's own fault, or with a sandbox that cannot be used again. */
export type Ended =
  | { readonly kind: 'output'; readonly json: string | undefined }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

/** A vendor's codec, loaded into a WebAssembly engine of its own that has access to nothing. */
export interface Sandbox {
  call(bytes: Uint8Array, fPort: number, milliseconds: number): Ended;
}

/**
 * Loads a codec. After each call the engine's memory is put back to what it was after loading, so that nothing of one message is there
 * for the next one. Gives a sentence instead, when the source cannot be loaded or holds no decoder.
 */
export async function openSandbox(source: string, file: string, limits: Limits = usualLimits): Promise<Sandbox | string> {
  const wasmMemory = new WebAssembly.Memory({ initial: memoryPages, maximum: memoryPages });
  const engine = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory }));
  const runtime = engine.newRuntime();
  runtime.setMaxStackSize(stackBytes);
  let deadline = Infinity;
  runtime.setInterruptHandler(() => performance.now() > deadline);
  const context = runtime.newContext();
  const guard = guarded(limits.hardMs);

  const memory = new Uint8Array(wasmMemory.buffer);
  const stack = largestGap(memory);
  const marked = markAbove(memory, stack.end);
  deadline = performance.now() + loadMs;
  let entry: QuickJSHandle | string | undefined;
  try {
    entry = guarded(2 * loadMs)(() => load(context, source, file));
  } catch (error) {
    entry = `${file} cannot be loaded: ${oneLine(error)}`;
  }
  if (typeof entry === 'string') return entry;
  if (entry === undefined) return `${file} holds no function decodeUplink, Decode or Decoder`;
  const used = unmark(memory, marked);
  if (used === undefined) return `${file} takes more than ${loadBytes} bytes of memory when it is loaded`;
  const parts = [memory.slice(0, stack.start), memory.slice(stack.end, used)] as const;

  const decoder = entry;
  return {
    call(bytes, fPort, milliseconds) {
      deadline = performance.now() + limits.softMs;
      try {
        return guard(() => run(context, decoder, bytes, fPort, milliseconds));
      } catch (error) {
        return { kind: 'broken', reason: oneLine(error) };
      } finally {
        memory.set(parts[0], 0);
        memory.set(parts[1], stack.end);
      }
    },
  };
}

/** Stops what takes longer than `milliseconds`, whatever it does: an exception then leaves it. */
function guarded(milliseconds: number): <T>(step: () => T) => T {
  const scope: { step: () => unknown } = { step: () => undefined };
  vm.createContext(scope);
  const script = new vm.Script('step()');
  return <T>(step: () => T): T => {
    scope.step = step;
    return script.runInContext(scope, { timeout: milliseconds }) as T;
  };
}

/** @throws when the engine itself gives up. */
function load(context: QuickJSContext, source: string, file: string): QuickJSHandle | string | undefined {
  const result = context.evalCode(wrapped(source), file);
  if (result.error !== undefined) return `${file} cannot be loaded: ${faultOf(context, result.error)}`;
  return context.typeof(result.value) === 'function' ? result.value : undefined;
}

function run(context: QuickJSContext, decoder: QuickJSHandle, bytes: Uint8Array, fPort: number, milliseconds: number): Ended {
  const result = context.callFunction(decoder, context.undefined, [
    context.newString(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')),
    context.newNumber(fPort),
    context.newNumber(milliseconds),
  ]);
  // Handles are not given back one by one: the memory is put back as a whole.
  if (result.error !== undefined) return { kind: 'failed', reason: faultOf(context, result.error) };
  if (context.typeof(result.value) !== 'string') return { kind: 'output', json: undefined };
  const length = context.getProp(result.value, 'length');
  if (context.getNumber(length) > longestOutput) return { kind: 'failed', reason: `its output is longer than ${longestOutput} characters` };
  return { kind: 'output', json: context.getString(result.value) };
}

/** What was thrown, with the line where it is known. Its own text is read as data only. */
function faultOf(context: QuickJSContext, error: QuickJSHandle): string {
  const thrown: unknown = context.dump(error);
  if (thrown === null) return 'null, as when memory runs out';
  if (typeof thrown !== 'object') return String(thrown).slice(0, 200);
  const { name, message, stack } = thrown as { name?: unknown; message?: unknown; stack?: unknown };
  if (message === 'interrupted') return 'it took longer than it may';
  if (message === 'out of memory') return 'it took more memory than it may';
  const line = /:(\d+)(?::\d+)?\)?$/m.exec(typeof stack === 'string' ? stack : '')?.[1];
  const text =
    typeof message === 'string' ? `${typeof name === 'string' ? `${name}: ` : ''}${message}` : (JSON.stringify(thrown) ?? 'something');
  return `${text.slice(0, 200)}${line === undefined ? '' : ` (line ${line})`}`;
}

function oneLine(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'it took longer than it may';
  return String(message ?? error)
    .split('\n', 1)[0]
    ?.slice(0, 200) as string;
}

/** The engine's untouched stack: by far the longest run of zeros between its static data and its heap. It needs no putting back. */
function largestGap(memory: Uint8Array): { readonly start: number; readonly end: number } {
  const words = new Float64Array(memory.buffer);
  let best = { start: 0, end: 0 };
  let last = words.length - 1;
  while (last > 0 && words[last] === 0) last--;
  for (let from = 0, i = 0; i <= last; i++) {
    if (words[i] === 0) continue;
    if (i - from > (best.end - best.start) / 8) best = { start: from * 8, end: i * 8 };
    from = i + 1;
  }
  return best.end - best.start < largestGapAtLeast ? { start: memory.length, end: memory.length } : best;
}

const mark = 0xa5;

/** Fills the memory above what the engine has used, so that what a codec takes of it can be seen; gives where that begins. */
function markAbove(memory: Uint8Array, from: number): number {
  let top = memory.length;
  while (top > from && memory[top - 1] === 0) top--;
  // Zeros at the end of the last block are in use as well.
  const start = Math.min(memory.length, top + 4096);
  memory.fill(mark, start, Math.min(memory.length, start + loadBytes));
  return start;
}

/** Clears the marks again; gives the end of what was taken, undefined where it reaches the end of the marks. */
function unmark(memory: Uint8Array, start: number): number | undefined {
  const end = Math.min(memory.length, start + loadBytes);
  let used = end;
  while (used > start && memory[used - 1] === mark) used--;
  if (used >= end - 16) return undefined;
  memory.fill(0, used, end);
  return used + 16;
}
