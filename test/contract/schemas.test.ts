import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';

import { packageRoot } from '../../core/paths.ts';
import { loadAdapters, loadAgents } from '../../core/service/plugins.ts';

/** The program does not look at this at every start (`core/validate/ajv-options.ts`). */
const ajv = new Ajv2020();

function faultsOf(schema: object): string[] {
  if (ajv.validateSchema(schema as AnySchema) === true) return [];
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('every schema is a schema', () => {
  const files = readdirSync(join(packageRoot, 'schemas')).filter((name) => name.endsWith('.schema.json'));

  it.each(files)('%s', (name) => {
    expect(faultsOf(JSON.parse(readFileSync(join(packageRoot, 'schemas', name), 'utf8')) as object)).toEqual([]);
  });

  it('those of plug-ins', async () => {
    const agents = await loadAgents();
    const plugins = [...agents.decoders.values(), ...(await loadAdapters()).values()];
    expect(plugins.length).toBeGreaterThan(40);
    const faulty = plugins
      .map(({ name, recordSchema }) => ({ name, faults: faultsOf(recordSchema) }))
      .filter(({ faults }) => faults.length > 0);
    expect(faulty).toEqual([]);
  });

  it('one that is not is named', () => {
    expect(faultsOf({ type: 'object', properties: { a: { minimum: 'one' } } })).toEqual(['/properties/a/minimum must be number']);
  });
});
