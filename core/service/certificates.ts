import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gauge, type Registry } from 'prom-client';

/** Certificates that `klavze init` made in this folder, and those that Klavže trusts beside the usual ones. */
export function ownCertificates(cwd: string, environment: Readonly<Record<string, string | undefined>>): string[] {
  const made = ['ca', 'server', 'internal'].map((name) => join(cwd, 'deploy', 'secrets', `${name}.crt`));
  const trusted = environment['NODE_EXTRA_CA_CERTS'] ?? '';
  return [...made, ...(trusted === '' ? [] : [trusted])].filter((file) => existsSync(file));
}

/** A figure of when each file ends (seconds since 1970), read anew each time it is asked for; of several in a file the first to end. */
export function watchCertificates(registry: Registry, files: () => readonly string[]): void {
  new Gauge({
    name: 'klavze_certificate_expires_timestamp_seconds',
    help: 'When a certificate that Klavže uses or made ends, seconds since 1970; 0: the file cannot be read',
    labelNames: ['file'],
    registers: [registry],
    collect() {
      this.reset();
      for (const file of new Set(files())) this.set({ file }, endOf(file));
    },
  });
}

function endOf(file: string): number {
  try {
    const blocks = readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const ends = blocks.map((block) => Date.parse(new X509Certificate(block).validTo) / 1_000);
    return ends.length === 0 ? 0 : Math.min(...ends);
  } catch {
    return 0;
  }
}
