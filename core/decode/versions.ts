import type { Versions } from '../plugin.ts';

/** A version as it can be published: characters that context brokers refuse become blanks, at most 64; undefined for what is no version. */
export function versionText(raw: unknown): string | undefined {
  const text = typeof raw === 'number' && Number.isFinite(raw) ? String(raw) : typeof raw === 'string' ? raw : '';
  const clean = text
    .replace(/[^A-Za-z0-9._+/:, -]+/g, ' ')
    .trim()
    .slice(0, 64)
    .trim();
  return /[0-9]/.test(clean) ? clean : undefined;
}

/** The versions among fields, by the names that they have there; undefined when there is none. */
export function versionsOf(
  fields: Readonly<Record<string, unknown>>,
  names: Readonly<Partial<Record<keyof Versions, string>>>,
): Versions | undefined {
  const found: { -readonly [key in keyof Versions]: Versions[key] } = {};
  for (const [version, name] of Object.entries(names) as [keyof Versions, string][]) {
    const text = Object.hasOwn(fields, name) ? versionText(fields[name]) : undefined;
    if (text !== undefined) found[version] = text;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}
