/**
 * `npm run docs` writes the generated parts of the documentation; `npm run docs:check` fails when one of them is out of date.
 * A page is generated whole, or between `<!-- generated: NAME -->` and `<!-- /generated -->`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

import { packageRoot } from '../core/paths.ts';
import { loadAdapters, loadAgents } from '../core/service/plugins.ts';
import { accessPage } from './docs/access.ts';
import { configurationPage, environmentTable } from './docs/configuration.ts';
import { dependencyPicture } from './docs/dependencies.ts';
import { familyFields } from './docs/families.ts';
import { decoderFields, envelopeFields } from './docs/fields.ts';
import { fillMarker } from './docs/markdown.ts';
import { metricsPage } from './docs/metrics.ts';
import { pluginsPage } from './docs/plugins.ts';
import { qualityTable } from './docs/quality.ts';

const agents = await loadAgents();
const families = [...agents.families.values()];
const adapters = [...(await loadAdapters()).values()];

const pages: readonly { readonly path: string; readonly render: (current: string) => Promise<string> }[] = [
  { path: 'docs/plugins.md', render: pluginsPage },
  { path: 'docs/configuration.md', render: async () => configurationPage() },
  { path: 'docs/access.md', render: async () => accessPage() },
  { path: 'docs/metrics.md', render: async () => metricsPage() },
  { path: 'docs/architecture.md', render: async (current) => fillMarker(current, 'dependencies', await dependencyPicture()) },
  { path: 'docs/quality.md', render: async (current) => fillMarker(current, 'quality', qualityTable(adapters)) },
  { path: 'README.md', render: async (current) => fillMarker(current, 'environment', environmentTable()) },
  ...families.map((family) => ({
    path: `agents/families/${family.name}/README.md`,
    render: async (current: string) => fillMarker(current, 'fields', familyFields(family)),
  })),
  ...[...agents.decoders.values()].map((decoder) => ({
    path: `agents/decoders/${decoder.name}/README.md`,
    // A declaration may do without: its own lines are the table.
    render: async (current: string) =>
      current.includes('generated: fields') ? fillMarker(current, 'fields', decoderFields(decoder, families)) : current,
  })),
  ...agents.envelopes.map((envelope) => ({
    path: `agents/envelopes/${envelope.name}/README.md`,
    render: async (current: string) => fillMarker(current, 'fields', envelopeFields(envelope, agents.decoders, families)),
  })),
];

const checkOnly = process.argv.includes('--check');
const outdated: string[] = [];

for (const { path, render } of pages) {
  const file = join(packageRoot, path);
  const current = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const options = await resolveConfig(file);
  const text = await format(await render(current), { ...options, parser: 'markdown' });
  if (text === current) continue;
  outdated.push(path);
  if (!checkOnly) writeFileSync(file, text);
}

for (const path of outdated) console.log(checkOnly ? `${path} is out of date; run: npm run docs` : `wrote ${path}`);
if (checkOnly && outdated.length > 0) process.exitCode = 1;
