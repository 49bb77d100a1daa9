import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Adapter } from '../core/plugin.ts';

/** The rules of the scale by the tier that asks for them; each has its section in `docs/quality.md`. */
export const tiers = {
  bronze: [
    'folder-complete',
    'name-is-folder',
    'licence-and-attribution',
    'record-schema',
    'accepted-and-refused-example',
    'stable-ids',
    'never-throws',
    'fields-with-units',
  ],
  silver: ['owner', 'recent-sample', 'clock-change-case', 'bounds-argued', 'unavailable-told-once', 'valid-models'],
  gold: ['property-tests', 'broker-integration', 'drift-noticed', 'known-limits', 'canary'],
} as const;

type Tier = keyof typeof tiers;

/** `quality.json` of an adapter, as `schemas/quality.schema.json` describes it. */
export interface Quality {
  readonly tier: Tier;
  readonly owner: string;
  readonly reviewed: string;
  readonly sample?: string;
  readonly rules: Readonly<Record<string, 'done' | 'todo' | { readonly exempt: string }>>;
}

export function qualityOf(folder: string): Quality {
  return JSON.parse(readFileSync(join(folder, 'quality.json'), 'utf8')) as Quality;
}

/** What the checks look at. */
interface Subject {
  readonly adapter: Adapter;
  readonly folder: string;
  readonly quality: Quality;
}

/** Why a rule is not kept, where a machine can tell; undefined when it is. Rules without a check are looked at by people. */
const checks: Readonly<Record<string, (subject: Subject) => string | undefined>> = {
  'folder-complete': ({ folder }) => {
    const missing = ['index.ts', 'decode.ts', 'README.md', 'README.sl.md', 'examples'].filter((name) => !existsSync(join(folder, name)));
    return missing.length === 0 ? undefined : `${missing.join(', ')} missing`;
  },
  'name-is-folder': ({ adapter, folder }) =>
    folder.endsWith(`/${adapter.name}`) || adapter.name === '__name__' ? undefined : `it is named ${adapter.name}`,
  'licence-and-attribution': ({ adapter: { dataset } }) =>
    dataset.licence.length > 3 && dataset.attribution.length > 3 ? undefined : 'licence or attribution is empty',
  'record-schema': ({ adapter: { recordSchema } }) => (Object.keys(recordSchema).length > 0 ? undefined : 'the schema allows anything'),
  'accepted-and-refused-example': ({ folder }) => {
    const expected = expectedOf(folder);
    return expected.includes('{"entity":') && expected.includes('{"rejection":') ? undefined : 'no example is accepted, or none refused';
  },
  'fields-with-units': ({ folder }) => (/^## Fields$/m.test(readmeOf(folder)) ? undefined : 'README.md has no section Fields'),
  owner: ({ quality: { owner } }) => (owner.trim().length >= 3 ? undefined : 'nobody is named'),
  'recent-sample': ({ quality: { sample, reviewed } }) => {
    if (sample === undefined) return 'no real file with a known day was tried';
    const days = (Date.parse(reviewed) - Date.parse(sample)) / 86_400_000;
    return days >= 0 && days <= 366 ? undefined : `the newest real file is of ${sample}, more than a year before the review of ${reviewed}`;
  },
  'clock-change-case': ({ folder }) => {
    const texts = examplesOf(folder);
    const missing = [
      ['29 March 2026', /2026-03-29|2026\/03\/29|29\. ?0?3\. ?2026|29\/0?3\/2026|2026-03-28T23/],
      ['25 October 2026', /2026-10-25|2026\/10\/25|25\. ?10\. ?2026|25\/10\/2026/],
    ].flatMap(([day, form]) => ((form as RegExp).test(texts) ? [] : [String(day)]));
    return missing.length === 0 ? undefined : `no example is of ${missing.join(' and ')}`;
  },
  'bounds-argued': ({ folder }) => (/^- `expect`|`expect`/m.test(readmeOf(folder)) ? undefined : 'README.md says nothing of `expect`'),
  'drift-noticed': ({ adapter: { format } }) => {
    const formats = format.kind === 'oneOf' ? format.formats : [format];
    return formats.every((one) => 'columns' in one && one.columns.length > 0) ? undefined : 'a format names no columns';
  },
  'known-limits': ({ folder }) => {
    const traps =
      readmeOf(folder)
        .split(/^## Traps$/m)[1]
        ?.split(/^## /m)[0] ?? '';
    return (traps.match(/^- /gm) ?? []).length >= 3 ? undefined : 'the section Traps of README.md has fewer than three';
  },
};

/**
 * What speaks against the claimed tier, in words: rules of it or below that are not done, and rules that are called done while their check
 * says otherwise.
 */
export function faultsOf(adapter: Adapter, folder: string, quality: Quality): string[] {
  const order = Object.keys(tiers) as Tier[];
  const asked = order.slice(0, order.indexOf(quality.tier) + 1).flatMap((tier): readonly string[] => tiers[tier]);
  const open = asked.filter((rule) => quality.rules[rule] === 'todo' || quality.rules[rule] === undefined);
  const denied = Object.entries(quality.rules).flatMap(([rule, status]) => {
    const reason = status === 'done' ? checks[rule]?.({ adapter, folder, quality }) : undefined;
    return reason === undefined ? [] : [`${rule} is called done, but ${reason}`];
  });
  return [...open.map((rule) => `${quality.tier} is claimed, but ${rule} is not done`), ...denied];
}

function readmeOf(folder: string): string {
  return readFileSync(join(folder, 'README.md'), 'utf8');
}

function expectedOf(folder: string): string {
  const examples = join(folder, 'examples');
  return readdirSync(examples)
    .map((name) => readFileSync(join(examples, name, 'expected.ndjson'), 'utf8'))
    .join('');
}

/** Inputs of all examples as text, and what they give. */
function examplesOf(folder: string): string {
  const files = readdirSync(join(folder, 'examples'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
}
