import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';

import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import { createMetrics } from '../../core/service/metrics.ts';
import { figuresOf, type Look } from '../../bin/top/figures.ts';
import { parseSamples, quantile } from '../../bin/top/samples.ts';
import { draw, short } from '../../bin/top/screen.ts';
import { klavze } from './klavze.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const fine = { ok: true, detail: 'writable' };
const health: Look['health'] = {
  ready: false,
  checks: { outbox: fine, broker: { ok: false, detail: 'unavailable: the broker did not answer' } },
};
const passage = { readings: [], devices: [] };
const publication = (plugin: string) => ({
  entity: { id: 'urn:ngsi-ld:Device:a', type: 'Device' } as const,
  origin: { plugin, from: 'x', receivedAt: '2026-05-01T10:00:00.000Z' },
});

/** Two looks at the figures of the registry that klavze up serves. */
async function looks(plugins = ['agents/envelopes/chirpstack-v4', 'adapters/arso-air']): Promise<[Look, Look]> {
  const clock = (): string => '2026-05-01T10:00:00.000Z';
  const metrics = createMetrics({ outbox: createMemoryOutbox(clock), clock, dataDir: '.', checks: () => ({}) });
  const turn = async (at: number, count: number): Promise<Look> => {
    for (const plugin of plugins) {
      const rejection = { stage: 'decode', code: 'unknown_device', message: 'who?' } as const;
      const letter = { origin: publication(plugin).origin, rejection, raw: new Uint8Array() };
      for (let n = 0; n < count; n++) metrics.passed(plugin, { ...passage, publications: [publication(plugin)], deadLetters: [] });
      metrics.passed(plugin, { ...passage, publications: [], deadLetters: [letter] });
      metrics.delivered('accepted', [publication(plugin), publication(plugin)]);
      metrics.delivered('retried', [publication(plugin)]);
    }
    metrics.requested({ status: 204, seconds: 0.03 });
    metrics.requested({ status: 0, seconds: 4 });
    return { at, health, samples: parseSamples(await metrics.registry.metrics()) };
  };
  return [await turn(10, 5), await turn(12, 19)];
}

describe('klavze top', () => {
  it('works out totals, rates and latencies between two looks', async () => {
    const figures = figuresOf(...(await looks()));
    expect(figures).toMatchObject({
      ready: false,
      receivedPerSecond: 20,
      deliveredPerSecond: 2,
      refused: [{ code: 'unknown_device', count: 4 }],
      broker: { answers: { 204: 2, none: 2 } },
    });
    expect(figures.plugins).toContainEqual({
      plugin: 'adapters/arso-air',
      received: 26,
      entities: 24,
      refused: 2,
      delivered: 4,
      perSecond: 10,
    });
    expect(figures.broker.p50Ms).toBeGreaterThan(20);
    expect(figures.broker.p50Ms).toBeLessThanOrEqual(50);
    expect(figures.broker.p99Ms).toBeGreaterThan(2_500);
    expect(figures.commit).toEqual({});
  });

  it.each([
    [80, 24],
    [200, 50],
    [40, 10],
  ])('fits %i × %i, whatever there is to show', async (columns, rows) => {
    const [before, now] = await looks(Array.from({ length: 60 }, (_, n) => `agents/envelopes/with-a-rather-long-name-that-goes-on-${n}`));
    const figures = figuresOf(before, now);
    const silent = Array.from({ length: 40 }, (_, n) => `device-${n}`);
    const lines = draw({ ...figures, devices: { registered: 99, silent } }, 'http://127.0.0.1:8080', columns, rows);
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(lines[0]).toContain('klavze top');
    expect(lines[1]).toContain('! broker: unavailable');
    if (columns >= 80) expect(lines.join('\n')).toMatch(/silent {2}40 of 99 devices: device-0, .*\+\d+/);
    expect(lines.at(-1)).toMatch(rows >= 24 ? /… \d+ more/ : /plug-in .*in\/s/);
  });

  it('reads labels with quotes and writes large numbers short', () => {
    expect(parseSamples('# HELP a b\na{x="1\\"2\\n",y="z"} 3\nb 4.5\nnonsense')).toEqual([
      { name: 'a', labels: { x: '1"2\n', y: 'z' }, value: 3 },
      { name: 'b', labels: {}, value: 4.5 },
    ]);
    expect([0, 99_999, 123_456, 1_234_567, 2e9].map(short)).toEqual(['0', '99999', '123k', '1.23M', '2.00G']);
    expect(quantile(0.5, new Map())).toBeUndefined();
    expect(
      quantile(
        0.5,
        new Map([
          [1, 0],
          [2, 10],
          [Infinity, 10],
        ]),
      ),
    ).toBe(1.5);
    expect(
      quantile(
        0.99,
        new Map([
          [1, 1],
          [Infinity, 10],
        ]),
      ),
    ).toBe(1);
  });

  it('gives scripts one JSON object, and says where nobody answers', async () => {
    const [look] = await looks();
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/metrics' ? 200 : 503;
      const lines = look.samples.map(({ name, labels, value }) => {
        const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`);
        return `${name}{${pairs.join(',')}} ${value === Infinity ? '+Inf' : value}`;
      });
      response.end(request.url === '/metrics' ? lines.join('\n') : JSON.stringify(health));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stdout } = await klavze(['top', '--once', '--json', '--url', url]);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { ready: false, receivedPerSecond: 0, refused: [{ code: 'unknown_device' }] }]);
    server.close();
    const nobody = await klavze(['top', '--once', '--url', url]);
    expect([nobody.code, nobody.stderr]).toEqual([69, expect.stringContaining('no klavze up answers on')]);
  }, 60_000);
});
