import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { join } from 'node:path';

import { ConfigError } from '../../core/errors.ts';
import { hostIn, makeCertificates, makeInternalCertificate } from './certificates.ts';
import { mosquittoLine, newPassword, withUser } from './passwords.ts';

export interface StackFiles {
  /** Names in the certificate that is made. */
  readonly host: string;
  /** A new certificate also where there is one. */
  readonly renew?: boolean;
  /** Given certificate (with its chain) and key, instead of made ones. */
  readonly given?: { readonly cert: string; readonly key: string };
}

const users = {
  klavze: { file: 'klavze-mqtt-password', into: 'mosquitto-passwords', line: mosquittoLine },
  health: { file: 'health-mqtt-password', into: 'mosquitto-passwords', line: mosquittoLine },
} as const;
const plain = ['history-password', 'history-reader-password', 'grafana-password'] as const;

/**
 * Makes every secret of the stack that is not in `folder` yet, and leaves the others as they are.
 *
 * @returns the names of the files that were made; none the second time.
 * @throws {ConfigError} when certificates cannot be made or the given ones do not fit each other.
 */
export function makeSecrets(folder: string, { host, given, renew = false }: StackFiles): string[] {
  const made: string[] = [];
  mkdirSync(folder, { recursive: true });
  // The containers read the files as users of their own; the folder keeps other users of this machine out.
  chmodSync(folder, 0o700);
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text, { mode: 0o644 });
    if (!made.includes(name)) made.push(name);
  };
  for (const name of plain) if (!holds(folder, name)) write(name, newPassword());
  for (const [user, { file, into, line }] of Object.entries(users)) {
    if (!holds(folder, file)) write(file, newPassword());
    const known = holds(folder, into) ? readFileSync(join(folder, into), 'utf8') : '';
    if (!known.split('\n').some((one) => one.startsWith(`${user}:`)))
      write(into, withUser(known, line(user, readFileSync(join(folder, file), 'utf8').trim())));
  }
  if (renew || !holds(folder, 'server.crt') || !holds(folder, 'server.key')) {
    // Written into the same files: containers that mount them see it.
    if (given === undefined) makeCertificates(folder, renew ? (hostIn(join(folder, 'server.crt')) ?? host) : host);
    else take(folder, given);
    chmodSync(join(folder, 'server.key'), 0o644);
    made.push('server.crt', 'server.key');
  }
  if (!holds(folder, 'internal.crt') || !holds(folder, 'internal.key')) {
    makeInternalCertificate(folder, 'internal', 'mosquitto');
    chmodSync(join(folder, 'internal.key'), 0o644);
    made.push('internal.crt', 'internal.key');
  }
  return made;
}

/**
 * A new password for a device or network server in Mosquitto's password file.
 *
 * @throws {ConfigError} on a name that Mosquitto or its access list would read otherwise, or one of the stack's own.
 */
export function addMqttUser(folder: string, user: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(user))
    throw new ConfigError(
      `the name "${user}" must be 1 to 64 letters, digits, ".", "_" or "-"; give the device such an id and the other as alsoKnownAs`,
    );
  if (user in users) throw new ConfigError(`the name "${user}" belongs to the stack itself; take another`);
  const file = join(folder, 'mosquitto-passwords');
  if (!existsSync(file)) throw new ConfigError(`${file} does not exist; run klavze init first`);
  const password = newPassword();
  writeFileSync(file, withUser(readFileSync(file, 'utf8'), mosquittoLine(user, password)), { mode: 0o644 });
  return password;
}

function take(folder: string, { cert, key }: { readonly cert: string; readonly key: string }): void {
  try {
    const certificate = new X509Certificate(readFileSync(cert));
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(key)))) throw new Error('the key belongs to another certificate');
    if (new Date(certificate.validTo).getTime() < Date.now()) throw new Error(`the certificate ended on ${certificate.validTo}`);
  } catch (error) {
    throw new ConfigError(`${cert} and ${key} are no usable certificate and key: ${(error as Error).message}`, [], { cause: error });
  }
  copyFileSync(cert, join(folder, 'server.crt'));
  copyFileSync(key, join(folder, 'server.key'));
}

function holds(folder: string, name: string): boolean {
  const path = join(folder, name);
  return existsSync(path) && statSync(path).size > 0;
}
