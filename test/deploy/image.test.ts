import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'Dockerfile'), 'utf8').replace(/\\\n\s*/g, '');
const { version, license, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  license: string;
  description: string;
};
const stages = text.split(/^FROM /m).slice(1);
const last = stages.at(-1) ?? '';

describe('Dockerfile', () => {
  it('ends in a stage without compiler, package manager and root', () => {
    expect(stages).toHaveLength(3);
    expect(last).not.toMatch(/apt-get|npm (ci|install|rebuild)/);
    expect(last).toMatch(/^RUN rm -rf \/usr\/local\/lib\/node_modules .*\/usr\/local\/bin\/npm /m);
    const users = [...last.matchAll(/^USER (\S+)/gm)].map(([, user]) => user);
    expect(users).toEqual(['1000:1000']);
    expect(last.indexOf('\nRUN ', last.indexOf('\nUSER '))).toBe(-1);
  });

  it('runs no scripts of packages but the one that compiles SQLite', () => {
    const installs = [...text.matchAll(/npm (?:ci|install|rebuild)[^&\n]*/g)].map(([command]) => command.trim());
    expect(installs.filter((command) => !command.includes('--ignore-scripts'))).toEqual(['npm rebuild better-sqlite3']);
  });

  it('needs no shell to start and to be asked for its health', () => {
    expect(last).toMatch(/^ENTRYPOINT \["klavze"\]$/m);
    expect(last).toMatch(/^HEALTHCHECK .* CMD \["node", "-e", /m);
  });

  it('says what it is, with the figures of package.json', () => {
    expect(last).toContain(`ARG VERSION=${version}\n`);
    expect(last).toContain(`org.opencontainers.image.licenses="${license}"`);
    expect(last).toContain(`org.opencontainers.image.description="${description}"`);
    expect(last).toContain(`org.opencontainers.image.base.name="docker.io/library/${last.split('\n')[0] ?? ''}"`);
  });

  it('carries a CycloneDX list of every package inside, made in the stage that has no others', () => {
    expect(stages[1]).toMatch(
      /npm ci --omit=dev [\s\S]*^RUN npm pkg delete devDependencies && npm sbom --sbom-format=cyclonedx > sbom\.cdx\.json$/m,
    );
    expect(last).toMatch(/^COPY --from=packages \/app\/sbom\.cdx\.json /m);
  });

  it('copies every folder that is compiled and kept by .dockerignore', () => {
    const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8')) as { include: readonly string[] };
    const copied = [...text.matchAll(/^COPY (\w+) \1$/gm)].map(([, name]) => name);
    const kept = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    // The demo is for a laptop.
    const needed = include.filter((name) => name !== 'demo' && readdirSync(root).includes(name));
    expect(needed.filter((name) => !copied.includes(name) || !kept.includes(`!${name}`))).toEqual([]);
  });
});
