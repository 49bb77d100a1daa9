import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { readableAttributes } from '../core/access/levels.ts';
import type { Models } from '../core/entity/models.ts';
import { ConfigError } from '../core/errors.ts';
import { packageRoot } from '../core/paths.ts';
import { readYamlWithLines } from '../core/service/yaml.ts';
import { faultsOf, type Auth, type Partner, type PartnerSecrets, type Share } from './partner.ts';

/** A file as the schema leaves it, before secrets and defaults are put in. */
type Declared = Omit<Partner, 'auth' | 'secrets'> & { readonly auth?: Partial<Auth> };

let schema: object | undefined;

function partnerSchema(): object {
  schema ??= JSON.parse(readFileSync(join(packageRoot, 'schemas', 'partner.schema.json'), 'utf8')) as object;
  return schema;
}

/** One declaration. @throws {ConfigError} that lists every fault with its line. */
export function readPartner(text: string, file: string, models: Models, secrets: PartnerSecrets = {}): Partner {
  const { value, lineOf } = readYamlWithLines<Declared>(text, file, partnerSchema());
  const path = (name: string | undefined) => (name === undefined ? undefined : resolve(dirname(file), name));
  const { certFile, keyFile, caFile, ...rest } = value.auth ?? {};
  const files = Object.entries({ certFile: path(certFile), keyFile: path(keyFile), caFile: path(caFile) });
  const auth: Auth = {
    kind: 'none',
    header: 'Authorization',
    ...rest,
    ...Object.fromEntries(files.filter(([, one]) => one !== undefined)),
  };
  const entities = value.entities.map((share) =>
    share.attributes === 'all' ? { ...share, attributes: allOf(share.type, value.context, models) } : share,
  );
  const partner: Partner = { ...value, entities, auth, secrets };
  const faults = faultsOf(partner, models).map(({ path: at, message }) => `${file}:${lineOf(at)}: ${at.join('.')} ${message}`);
  for (const [name, one] of files) {
    if (one !== undefined && !existsSync(one))
      faults.push(`${file}:${lineOf(['auth', name])}: auth.${name} names ${one}, which does not exist`);
  }
  if (faults.length > 0) throw new ConfigError(`${file} is not valid`, faults);
  return partner;
}

/** All that a partner may get. Of types that are not ours, and of names in another context, nothing is known. */
function allOf(type: string, context: string | undefined, models: Models): Share['attributes'] {
  const model = context === undefined ? models.types.get(type) : undefined;
  const readable = model === undefined ? [] : readableAttributes(model, 'partner');
  return readable.length === 0 ? 'all' : readable;
}

/**
 * Every `<name>.yaml` of a folder, by name; none where there is no folder. Files that begin with `_` or `.` are left out.
 * @throws {ConfigError} that lists the faults of all files.
 */
export function loadPartners(folder: string, models: Models, secrets: Readonly<Record<string, PartnerSecrets>>): Partner[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /^[^_.].*\.ya?ml$/.test(file)) : [];
  const faults: string[] = [];
  const partners: Partner[] = [];
  for (const file of files.sort()) {
    const path = join(folder, file);
    const name = basename(file).replace(/\.ya?ml$/, '');
    try {
      const partner = readPartner(readFileSync(path, 'utf8'), path, models, secrets[name]);
      if (partner.name !== name) faults.push(`${path}: name is "${partner.name}"; expected the name of the file, "${name}"`);
      else if (partners.some((one) => one.name === name)) faults.push(`${path}: there is a partner "${name}" already`);
      else partners.push(partner);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...(error.faults.length > 0 ? error.faults : [error.message]));
    }
  }
  for (const name of Object.keys(secrets)) {
    if (!files.some((file) => file.replace(/\.ya?ml$/, '') === name))
      faults.push(`there is a secret of the partner "${name}", but no ${join(folder, `${name}.yaml`)}`);
  }
  if (faults.length > 0) throw new ConfigError('a partner is not valid', faults);
  return partners;
}
