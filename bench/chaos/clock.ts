/**
 * Preloaded into `klavze up` by the scenario clock-jump: what the process takes for the time of day is shifted by the milliseconds in a
 * file. Timers and the monotonic clock go on as they do on a machine whose clock is set.
 */
import { readFileSync } from 'node:fs';

const file = process.env['CHAOS_CLOCK'] ?? '';
const RealDate = Date;
let shift = 0;

function read(): void {
  try {
    shift = Number(readFileSync(file, 'utf8'));
  } catch {
    shift = 0;
  }
}
read();
setInterval(read, 50).unref();

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values: unknown[], created) =>
    Reflect.construct(target, values.length === 0 ? [RealDate.now() + shift] : values, created) as object,
  apply: () => new RealDate(RealDate.now() + shift).toString(),
  get: (target, name) => (name === 'now' ? () => RealDate.now() + shift : (Reflect.get(target, name) as unknown)),
});
