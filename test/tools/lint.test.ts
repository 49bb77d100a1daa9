import { beforeAll, describe, expect, it } from '@jest/globals';

import { runOver } from './tree.ts';

const lines = (count: number): string => Array.from({ length: count }, (_, line) => `export const v${line} = ${line};\n// why\n`).join('');

/** What a pure stage must not do. Each stands in a plug-in and in the entity core, where it is refused, and elsewhere. */
const impure: readonly (readonly [what: string, source: string, rule: string])[] = [
  ['clock', 'export const now = () => Date.now();', 'no-restricted-syntax'],
  ['date', 'export const now = () => new Date();', 'no-restricted-syntax'],
  ['chance', 'export const id = () => Math.random();', 'no-restricted-syntax'],
  ['throw', 'export function fail(): never { throw new Error("bad row"); }', 'no-restricted-syntax'],
  ['environment', 'export const home = process.env;', 'no-restricted-globals'],
  ['network', 'export const page = () => fetch("http://example.org");', 'no-restricted-globals'],
  ['timer', 'export const later = () => setTimeout(() => undefined, 1);', 'no-restricted-globals'],
];

const refused: readonly (readonly [file: string, source: string, rule: string])[] = [
  ['core/promise.ts', 'export function run(): void { Promise.resolve(1); }', '@typescript-eslint/no-floating-promises'],
  ['core/text.ts', 'export function run(): never { throw "bad"; }', '@typescript-eslint/only-throw-error'],
  [
    'core/switch.ts',
    'export function run(kind: "a" | "b"): number { switch (kind) { case "a": return 1; } return 2; }',
    '@typescript-eslint/switch-exhaustiveness-check',
  ],
  ['core/import.ts', "import { Stats } from 'node:fs';\nexport type S = Stats;", '@typescript-eslint/consistent-type-imports'],
  ['core/enum.ts', 'export enum Kind { Frame }', 'no-restricted-syntax'],
  ['adapters/place/enum.ts', 'export enum Kind { Frame }', 'no-restricted-syntax'],
  ['core/console.ts', 'console.log("hello");', 'no-console'],
  ['core/long.ts', lines(251), 'max-lines'],
  ['adapters/place/long.ts', lines(151), 'max-lines'],
];

const allowed: readonly (readonly [file: string, source: string])[] = [
  ['core/short.ts', lines(250)],
  ['adapters/place/short.ts', lines(150)],
  ['adapters/place/date.ts', 'export const instant = (text: string) => new Date(text);'],
  ['bin/print.ts', 'console.log("hello");'],
];

describe('the lint rules of eslint.config.js', () => {
  let found: ReadonlyMap<string, readonly string[]>;

  beforeAll(() => {
    const files: Record<string, string> = {};
    for (const [file, source] of [...refused, ...allowed]) files[file] = source;
    for (const [what, source] of impure) {
      for (const folder of ['adapters/impure', 'core/entity', 'core/source']) files[`${folder}/${what}.ts`] = source;
    }
    const report = runOver(files, ['eslint.config.js'], 'eslint/bin/eslint.js', '--format', 'json', 'core', 'adapters', 'bin');
    const results = JSON.parse(report) as { filePath: string; messages: { ruleId: string | null; message: string }[] }[];
    found = new Map(
      results.map(({ filePath, messages }) => [
        filePath.replace(/^.*klavze-tree-[^/]+\//, ''),
        messages.map(({ ruleId, message }) => ruleId ?? message),
      ]),
    );
  });

  it.each(impure)('keep %s out of plug-ins and the entity core', (what, _source, rule) => {
    expect(found.get(`adapters/impure/${what}.ts`)).toEqual([rule]);
    expect(found.get(`core/entity/${what}.ts`)).toEqual([rule]);
    expect(found.get(`core/source/${what}.ts`)).toEqual([]);
  });

  it.each(refused)('refuse %s', (file, _source, rule) => {
    expect(found.get(file)).toEqual([rule]);
  });

  it.each(allowed)('let %s pass', (file) => {
    expect(found.get(file)).toEqual([]);
  });
});
