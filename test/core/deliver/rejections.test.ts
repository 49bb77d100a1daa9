import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../../core/paths.ts';
import { rejectionCodes } from '../../../core/rejection.ts';

describe.each(['docs/rejections.md', 'docs/rejections.sl.md'])('%s', (page) => {
  const sections = readFileSync(join(packageRoot, page), 'utf8')
    .split(/^### /m)
    .slice(1)
    .map((section) => section.split(/\r?\n/));

  it('has a heading for each code and none besides, in the order of the union', () => {
    expect(sections.map(([heading]) => heading?.trim())).toEqual([...rejectionCodes]);
  });

  it.each(sections.map(([heading, ...text]) => [heading, text.join(' ').trim()]))('says what %s means and what to do', (_, text) => {
    expect(text?.length).toBeGreaterThan(40);
  });
});
