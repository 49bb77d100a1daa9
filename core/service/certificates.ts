import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Gauge, type Registry } from 'prom-client';

/** So long before its end a certificate is worth a word, as in the alert KlavzeCertificateEnds. */
export const certificateWarningDays = 21;
/** A server is asked this seldom, for each question is a line in its log; one that did not answer sooner. */
const askAgainMs = 3_600_000;
const retryMs = 60_000;
const patienceMs = 5_000;
/** A file with more is the system's list of authorities, in which there are always some that ended. */
const mostOwnAuthorities = 10;

/** Certificates that `klavze init` made in this folder, and those that Klavže trusts beside the usual ones. */
export function ownCertificates(cwd: string, environment: Readonly<Record<string, string | undefined>>): string[] {
  const made = ['ca', 'server', 'internal'].map((name) => join(cwd, 'deploy', 'secrets', `${name}.crt`));
  const trusted = environment['NODE_EXTRA_CA_CERTS'] ?? '';
  const isOwn = trusted !== '' && endsIn(trusted).length <= mostOwnAuthorities;
  return [...made, ...(isOwn ? [trusted] : [])].filter((file) => existsSync(file));
}

/** A figure of when each ends (seconds since 1970): files are read anew each time, servers (`host:port`) are asked once an hour. */
export function watchCertificates(
  registry: Registry,
  places: () => readonly string[],
  clock: () => number = () => performance.now(),
): void {
  const asked = new Map<string, { readonly end: number; readonly at: number }>();
  async function end(place: string): Promise<number> {
    const last = asked.get(place);
    if (last !== undefined && clock() - last.at < (last.end === 0 ? retryMs : askAgainMs)) return last.end;
    const found = { end: await endOfCertificate(place), at: clock() };
    if (isServer(place)) asked.set(place, found);
    return found.end;
  }
  new Gauge({
    name: 'klavze_certificate_expires_timestamp_seconds',
    help: 'When a certificate ends, of a file or of a server (host:port), seconds since 1970; 0: it cannot be had',
    labelNames: ['file'],
    registers: [registry],
    async collect() {
      const ends = await Promise.all([...new Set(places())].map(async (file) => ({ file, end: await end(file) })));
      this.reset();
      for (const one of ends) this.set({ file: one.file }, one.end);
    },
  });
}

/** When the certificate of a file or of a server (`host:port`) ends, seconds since 1970: the first of its chain to end; 0: it cannot be had. */
export async function endOfCertificate(place: string): Promise<number> {
  const ends = isServer(place) ? await endsAt(place) : endsIn(place);
  const first = Math.min(...ends);
  return Number.isFinite(first) ? first : 0;
}

/** `host:port`; everything else is a file. */
export function isServer(place: string): boolean {
  return /^(?:[^/\\:[\]]+|\[[0-9a-fA-F:.]+\]):\d+$/.test(place);
}

function endsIn(file: string): number[] {
  try {
    const blocks = readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    return blocks.map((block) => Date.parse(new X509Certificate(block).validTo) / 1_000);
  } catch {
    return [];
  }
}

/** Whoever it was issued by: this looks at dates, it sends and trusts nothing. */
function endsAt(place: string): Promise<number[]> {
  const { hostname, port } = new URL(`https://${place}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      rejectUnauthorized: false,
      timeout: patienceMs,
      ...(isIP(host) === 0 && { servername: host }),
    });
    const end = (ends: number[]): void => {
      socket.destroy();
      resolve(ends);
    };
    socket.once('secureConnect', () => end(chainOf(socket.getPeerX509Certificate())));
    socket.once('error', () => end([]));
    socket.once('timeout', () => end([]));
    socket.once('close', () => resolve([]));
  });
}

function chainOf(certificate: X509Certificate | undefined): number[] {
  const ends: number[] = [];
  // A root names itself as its issuer.
  for (let one = certificate, before = ''; one !== undefined && one.fingerprint256 !== before; one = one.issuerCertificate) {
    ends.push(Date.parse(one.validTo) / 1_000);
    before = one.fingerprint256;
  }
  return ends;
}
