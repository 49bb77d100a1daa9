import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

import { packageRoot } from '../../../core/paths.ts';
import { foundIn } from '../../../core/source/found-words.ts';

it('every refusal of the examples of tables is told in Slovenian, with its column, value and line', () => {
  const root = join(packageRoot, 'adapters', '_table', 'examples');
  const files = readdirSync(root).map((name) => join(root, name, 'expected.ndjson'));
  const messages = files
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'))
    .flatMap((line) => (JSON.parse(line) as { rejection?: { message: string } }).rejection?.message ?? []);
  expect(messages.length).toBeGreaterThan(20);
  for (const message of messages) {
    const found = foundIn(message, 'sl');
    expect(found).not.toMatch(/\b(line|is|has|expected|which|the model)\b/);
    expect(foundIn(message, 'en')).toBe(message);
  }
  expect(foundIn('line 3: Stanje is "okvara"; expected a number such as 1.234,5', 'sl')).toBe(
    'vrstica 3: Stanje je "okvara"; pričakovano je število, na primer 1.234,5',
  );
  expect(foundIn('something else', 'sl')).toBe('something else');
});
