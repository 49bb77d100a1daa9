import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noEnum = { selector: 'TSEnumDeclaration', message: 'Use a union of string literals instead of an enum.' };

/** Bad data is a value: a pure stage refuses it instead of throwing. */
const pureSyntax = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'A pure stage has no clock: take the time from the payload, else uplink.receivedAt or file.fetchedAt.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'A pure stage has no clock: take the time from the payload, else uplink.receivedAt or file.fetchedAt.',
  },
  {
    selector: "CallExpression[callee.name='Date']",
    message: 'A pure stage has no clock: take the time from the payload, else uplink.receivedAt or file.fetchedAt.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: "A pure stage gives the same result every time: build ids from the source's own key.",
  },
  {
    selector: 'ThrowStatement',
    message: 'Bad data is a value: return refused(reject(stage, code, message)) instead of throwing.',
  },
];

const pureGlobals = [
  { name: 'process', message: 'A plug-in and the entity core read no environment: configuration is handed in.' },
  { name: 'fetch', message: 'A pure stage does no network: core/source fetches and hands the bytes in.' },
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name) => ({
    name,
    message: 'A pure stage has no timers: scheduling is the work of core/service.',
  })),
];

const lines = (max) => ['error', { max, skipBlankLines: true, skipComments: true }];

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'data/', 'decoders/', '**/examples/**']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', noEnum],
      'no-console': 'error',
      'max-lines': lines(300),
    },
  },
  { files: ['core/**/*.ts'], rules: { 'max-lines': lines(250) } },
  { files: ['agents/**/*.ts', 'adapters/**/*.ts'], ignores: ['**/*.test.ts'], rules: { 'max-lines': lines(150) } },
  {
    files: ['agents/**/*.ts', 'adapters/**/*.ts', 'core/entity/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-syntax': ['error', noEnum, ...pureSyntax],
      'no-restricted-globals': ['error', ...pureGlobals],
    },
  },
  { files: ['bin/**', 'demo/**', 'tools/**', 'bench/**'], rules: { 'no-console': 'off' } },
  // A test that skips says so; a list of cases may be long.
  { files: ['test/**'], rules: { 'no-console': ['error', { allow: ['warn'] }], 'max-lines': lines(500) } },
  { files: ['*.js', '*.cjs'], languageOptions: { globals: { module: 'writable' } } },
);
