/**
 * `guard-process <pid> <shard>`: ends the process that started it, by SIGKILL, when a moment has passed that it was told to expect. A
 * process that was stopped, or whose turn does not come, cannot look at its lease itself; a signal reaches it before its next step, and what
 * it still holds to write is gone with it. Each line on standard input is a moment of the monotonic clock in milliseconds, 0: none. Ends
 * with its input.
 */
const [pid = '', shard = ''] = process.argv.slice(2);
const clock = (): number => Number(process.hrtime.bigint() / 1_000_000n);
let moment = 0;
let rest = '';
let timer: NodeJS.Timeout | undefined;

function look(): void {
  clearTimeout(timer);
  if (moment === 0) return;
  if (clock() < moment) timer = setTimeout(look, moment - clock());
  // This process may have been late itself: what was said meanwhile is read first.
  else timer = setTimeout(() => (moment !== 0 && clock() >= moment ? end() : look()), 20);
}

function end(): void {
  // The number of a process that ended may be another's by now.
  if (process.ppid !== Number(pid)) process.exit(0);
  const msg = 'klavze was stopped for longer than the lease of its shard and is ended, so that the shard has one writer';
  process.stderr.write(`${JSON.stringify({ level: 60, time: new Date().toISOString(), shard, process: Number(pid), msg })}\n`);
  process.kill(Number(pid), 'SIGKILL');
  process.exit(0);
}

process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  moment = Number(lines.at(-1) ?? moment);
  look();
});
process.stdin.on('end', () => process.exit(0));
// Signals to the whole group are for the other one, which closes the input when it has ended.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
