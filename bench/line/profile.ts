/**
 * `npm run profile`: a flame graph of the line while it takes a load. Runs the bench at QoS 1 with Node's profiler in the line's process and
 * writes `profile/line.svg` beside the profile itself, which Chrome's developer tools and speedscope open too. `--messages N` (default 50000).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}
interface Profile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const { values } = parseArgs({ options: { messages: { type: 'string', default: '50000' } } });
const folder = 'profile';
const width = 1_400;
const height = 17;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const bench = fileURLToPath(new URL('./speed.js', import.meta.url));
execFileSync(process.execPath, [bench, '--qos', '1', '--repetitions', '1', '--messages', values.messages, '--cpu-prof', folder], {
  stdio: 'inherit',
});
const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'));
if (file === undefined) throw new Error('the bench wrote no profile');
const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile;
writeFileSync(join(folder, 'line.svg'), flameGraph(profile));
console.log(`wrote ${join(folder, 'line.svg')} and ${join(folder, file)}`);

/** Width is time, what stands on a bar was called by it; waiting is left out. */
function flameGraph({ nodes, samples, timeDeltas }: Profile): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map<number, number>();
  for (const [place, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + (timeDeltas[place] ?? 0));
  const total = (node: Node): number =>
    node.callFrame.functionName === '(idle)'
      ? 0
      : (own.get(node.id) ?? 0) + (node.children ?? []).reduce((sum, id) => sum + total(byId.get(id) ?? node), 0);
  const [root] = nodes;
  const all = root === undefined ? 1 : total(root);
  const bars: string[] = [];
  let deepest = 0;
  const draw = (node: Node, x: number, depth: number): void => {
    const time = total(node);
    const wide = (time / all) * width;
    if (wide < 0.6) return;
    deepest = Math.max(deepest, depth);
    const { functionName, url, lineNumber } = node.callFrame;
    const name = escape(functionName || '(anonymous)');
    const where = escape(`${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`);
    const share = ((100 * time) / all).toFixed(1);
    const hue = 20 + ((name.length * 7 + depth * 3) % 35);
    const label =
      wide > 40 ? `<text x="${(x + 3).toFixed(1)}" y="${depth * height + 12}">${name.slice(0, Math.floor(wide / 7))}</text>` : '';
    bars.push(
      `<g><title>${name} ${where} ${share} %, ${(time / 1_000).toFixed(0)} ms</title><rect x="${x.toFixed(1)}" y="${depth * height}" width="${wide.toFixed(1)}" height="${height - 1}" fill="hsl(${hue},80%,65%)"/>${label}</g>`,
    );
    let at = x;
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child === undefined) continue;
      draw(child, at, depth + 1);
      at += (total(child) / all) * width;
    }
  };
  if (root !== undefined) draw(root, 0, 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${(deepest + 1) * height}" font-family="monospace" font-size="11">\n${bars.join('\n')}\n</svg>\n`;
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
