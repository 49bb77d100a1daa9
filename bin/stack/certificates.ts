import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ConfigError } from '../../core/errors.ts';

/** An authority that ends sooner signs nothing any more. */
const leastAuthorityDays = 30;
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/**
 * A certificate authority of this stack, where there is none yet, and a certificate of it for `host`, `localhost` and the loopback, by `openssl`.
 * EC P-256; the authority for ten years, the certificate for 825 days, which is what all clients accept.
 * Files: `ca.crt`, `ca.key`, `server.crt`, `server.key` in `folder`.
 *
 * @throws {ConfigError} when openssl is missing or refuses.
 */
export function makeCertificates(folder: string, host: string): void {
  const own = isIP(host) === 0 ? `DNS:${host}` : `IP:${host}`;
  const work = mkdtempSync(join(tmpdir(), 'klavze-tls-'));
  try {
    const extensions = join(work, 'extensions');
    writeFileSync(
      extensions,
      `basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=${own},DNS:localhost,DNS:mosquitto,IP:127.0.0.1\n`,
    );
    const ca = [join(folder, 'ca.crt'), join(folder, 'ca.key')] as const;
    const request = join(work, 'server.csr');
    if (!isOfUse(ca)) openssl(['req', '-x509', ...newKey, '-days', '3650', '-subj', '/CN=Klavze CA', '-keyout', ca[1], '-out', ca[0]]);
    openssl(['req', ...newKey, '-subj', `/CN=${host}`, '-keyout', join(folder, 'server.key'), '-out', request]);
    const signing = ['-CA', ca[0], '-CAkey', ca[1], '-CAcreateserial', '-CAserial', join(work, 'serial'), '-days', '825'];
    openssl(['x509', '-req', '-in', request, ...signing, '-extfile', extensions, '-out', join(folder, 'server.crt')]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The name that a certificate was made for; undefined where there is none. */
export function hostIn(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  return /^CN=(.+)$/m.exec(new X509Certificate(readFileSync(file)).subject)?.[1];
}

/** The same authority for as long as it lasts: sensors know it. */
function isOfUse([certificate, key]: readonly [string, string]): boolean {
  if (!existsSync(certificate) || !existsSync(key)) return false;
  return Date.parse(new X509Certificate(readFileSync(certificate)).validTo) > Date.now() + leastAuthorityDays * 86_400_000;
}

/**
 * A certificate that is its own authority, for Klavže's connection to `host` inside the stack, or to the loopback: nobody else has to trust it, so it is good
 * for ten years. Files: `<name>.crt` and `<name>.key` in `folder`.
 *
 * @throws {ConfigError} when openssl is missing or refuses.
 */
export function makeInternalCertificate(folder: string, name: string, host: string): void {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)];
  openssl([
    'req',
    '-x509',
    ...newKey,
    '-days',
    '3650',
    '-subj',
    `/CN=${host}`,
    '-addext',
    `subjectAltName=DNS:${host},DNS:localhost,IP:127.0.0.1`,
    ...files,
  ]);
}

function openssl(words: readonly string[]): void {
  try {
    execFileSync('openssl', words, { stdio: 'pipe' });
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    const why = code === 'ENOENT' ? 'it is not installed' : (stderr?.toString().trim() ?? String(error));
    throw new ConfigError(`openssl could not make the certificates: ${why}; install openssl`, [], {
      cause: error,
    });
  }
}
