import { ConfigError } from '../../core/errors.ts';

/** The form of backups that this Klavže writes, and the newest one that it reads. */
export const backupFormat = 1;

/** Parts of a backup, as the folders in it are named: each has its place in the configuration. */
export const parts = ['config', 'devices', 'decoders', 'tables', 'partners', 'secrets', 'data'] as const;
export type Part = (typeof parts)[number];

export interface BackedUpFile {
  /** `data/outbox.db`: the part, then where it lies in it. */
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** The last file of a backup: one that broke off has none. */
export interface Manifest {
  readonly format: number;
  /** Version of the Klavže that wrote it. */
  readonly klavze: string;
  readonly createdAt: string;
  /** Schema version of the outbox in it; left out where there is none. */
  readonly outboxSchema?: number;
  readonly files: readonly BackedUpFile[];
  /** Names of settings that came from the environment; their values are not in the backup. */
  readonly environment: readonly string[];
  /** What belongs to this Klavže and lies elsewhere, a sentence each. */
  readonly notIncluded: readonly string[];
}

export const manifestName = 'manifest.json';

/** The part of a name in the archive; undefined for names that no backup has. */
export function partOf(path: string): Part | undefined {
  const [part, ...rest] = path.split('/');
  const isPlain = rest.length > 0 && rest.every((step) => step !== '' && step !== '.' && step !== '..' && !/[\\\0]/.test(step));
  return isPlain ? parts.find((one) => one === part) : undefined;
}

/** @throws {ConfigError} when the text is no manifest, or one of a newer Klavže. */
export function readManifest(text: string, newestSchema: number): Manifest {
  const manifest = parsed(text);
  if (manifest === undefined || typeof manifest.format !== 'number') throw new ConfigError('the backup has no readable manifest');
  if (manifest.format > backupFormat || (manifest.outboxSchema ?? 0) > newestSchema)
    throw new ConfigError(
      `the backup was written by a newer Klavže (${manifest.klavze}, form ${manifest.format}, outbox ${manifest.outboxSchema ?? 'none'}); ` +
        `this one reads up to form ${backupFormat}, outbox ${newestSchema}: update Klavže first`,
    );
  if (!Array.isArray(manifest.files)) throw new ConfigError('the manifest of the backup lists no files');
  return { ...manifest, environment: manifest.environment ?? [], notIncluded: manifest.notIncluded ?? [] };
}

function parsed(text: string): Manifest | undefined {
  try {
    const value = JSON.parse(text) as Manifest | null;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What does not fit between the files that were found and those of the manifest, a sentence each.
 */
export function faultsOf(found: readonly BackedUpFile[], { files }: Manifest): string[] {
  const byPath = new Map(found.map((file) => [file.path, file]));
  const listed = new Set(files.map(({ path }) => path));
  return [
    ...files.flatMap(({ path, bytes, sha256 }) => {
      const file = byPath.get(path);
      if (file === undefined) return [`${path} is missing`];
      return file.bytes === bytes && file.sha256 === sha256 ? [] : [`${path} is damaged: its checksum is not the one of the manifest`];
    }),
    ...found.filter(({ path }) => !listed.has(path)).map(({ path }) => `${path} is not in the manifest`),
  ];
}
