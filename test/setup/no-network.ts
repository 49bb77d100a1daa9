/** Tests stay on this machine: a connection to any other fails as it does without a network, so that no test can rely on one. */
import { Socket } from 'node:net';

const guarded = Symbol.for('klavze.no-network');
const prototype = Socket.prototype as unknown as Record<PropertyKey, unknown>;

if (prototype[guarded] === undefined) {
  const connect = Socket.prototype.connect as (...options: unknown[]) => Socket;
  prototype['connect'] = function (this: Socket, ...options: unknown[]): Socket {
    const host = hostOf(options);
    if (isThisMachine(host)) return connect.apply(this, options);
    const error = Object.assign(new Error(`tests reach this machine only, not ${host}`), { code: 'ENETUNREACH' });
    process.nextTick(() => this.destroy(error));
    return this;
  };
  prototype[guarded] = true;
}

/** The forms of `socket.connect`: (options), (port, host), (path), or what `net.connect` makes of them: ([options, listener]). */
function hostOf(options: readonly unknown[]): string {
  const [first, second] = options;
  if (Array.isArray(first)) return hostOf(first as unknown[]);
  if (typeof first === 'object' && first !== null) {
    const host = (first as { host?: unknown }).host;
    return typeof host === 'string' ? host : 'localhost';
  }
  return typeof second === 'string' ? second : 'localhost';
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '0.0.0.0' || host === '::' || /^(::ffff:)?127\./.test(host);
}
