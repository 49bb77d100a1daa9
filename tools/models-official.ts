import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import jsonld, { type JsonLdDocument, type NodeObject, type Options } from 'jsonld';

import { attributesOf, type Entity } from '../core/entity/entity.ts';

/** A fault of one entity, seen with the official files. */
export interface ModelFault {
  readonly entity: string;
  readonly pointer: string;
  readonly message: string;
}

/** `schema-urls.json`: which file stands for which URL, for work without internet. */
interface SchemaUrls {
  readonly sharedSchemas: Readonly<Record<string, string>>;
  readonly entitySchemas: Readonly<Record<string, { readonly canonicalUrl: string; readonly file: string }>>;
  readonly contexts: Readonly<Record<string, string>>;
}

/** The official schemas and contexts in a local folder. */
export interface Official {
  /** Faults of the entity's key-values form against the official schema of its type. */
  schemaFaults(entity: Entity, repository: string): ModelFault[];
  /** The entities in expanded form, in order, as jsonld.js makes it with these contexts. */
  expand(entities: readonly Entity[], contexts: readonly (string | object)[]): Promise<object[]>;
}

/** Opens `smart-data-models` of the shared material; undefined where it is absent. */
export function openOfficial(folder: string): Official | undefined {
  const index = join(folder, 'schema-urls.json');
  if (!existsSync(index)) return undefined;
  const urls = readJson(index) as SchemaUrls;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addFormat('idn-email', true);
  for (const [url, file] of Object.entries(urls.sharedSchemas)) ajv.addSchema(schemaAt(url, file));
  const validators = new Map<string, ValidateFunction>();

  /** The declared $id is wrong in several schemas, and some name a meta-schema that Ajv does not know: the URL of publication decides. */
  function schemaAt(url: string, file: string): object {
    const { $schema: _meta, ...schema } = readJson(join(folder, file)) as Record<string, unknown>;
    return { ...schema, $id: url };
  }

  function validatorOf(key: string): ValidateFunction | undefined {
    const known = validators.get(key);
    const entry = urls.entitySchemas[key];
    if (known !== undefined || entry === undefined) return known;
    const validate = ajv.compile(schemaAt(entry.canonicalUrl, entry.file));
    validators.set(key, validate);
    return validate;
  }

  return {
    schemaFaults(entity, repository) {
      const validate = validatorOf(`${repository}/${entity.type}`);
      if (validate === undefined)
        return [{ entity: entity.id, pointer: '/type', message: `no official schema of ${repository}/${entity.type}` }];
      if (validate(keyValues(entity))) return [];
      return (validate.errors ?? []).map((error) => ({
        entity: entity.id,
        pointer: error.instancePath,
        message: `official schema: ${error.message} ${JSON.stringify(error.params)}`,
      }));
    },
    async expand(entities, contexts): Promise<object[]> {
      const document = { '@context': contexts, '@graph': entities } as unknown as JsonLdDocument;
      return jsonld.expand(document, { documentLoader: offlineLoader(folder, urls) });
    },
  };
}

/** The simplified form that the official schemas describe: values and targets bare, typed moments unwrapped. */
export function keyValues(entity: Entity): Record<string, unknown> {
  const simplified: Record<string, unknown> = { id: entity.id, type: entity.type };
  for (const [name, attribute] of attributesOf(entity)) {
    simplified[name] = attribute.type === 'Relationship' ? attribute.object : unwrapped(attribute.value);
  }
  return simplified;
}

function unwrapped(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '@value' in value ? value['@value'] : value;
}

type DocumentLoader = NonNullable<Options.Expand['documentLoader']>;

function offlineLoader(folder: string, urls: SchemaUrls): DocumentLoader {
  return (url) => {
    const core = /^https:\/\/uri\.etsi\.org\/ngsi-ld\/v1\/(ngsi-ld-core-context-v[\d.]+\.jsonld)$/.exec(url)?.[1];
    const file = core === undefined ? urls.contexts[url] : join('core', core);
    if (file === undefined) return Promise.reject(new Error(`${url} is not among the official files; nothing is fetched`));
    return Promise.resolve({ documentUrl: url, document: readJson(join(folder, file)) as NodeObject });
  };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
