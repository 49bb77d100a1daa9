/** Scenarios in which the outbox file or its disk is at fault. */
import { corruptPage, firstVersion, tearWal } from './damage.ts';
import { smallDisk } from './disk.ts';
import { until } from './programs.ts';
import type { Run, Scenario } from './run.ts';

/** Klavže is killed with a full outbox, something is done to the file, and it starts again before the broker is back. */
async function killedWithOutbox(run: Run, damage: () => void): Promise<void> {
  const { proxy, agent0 } = run.stage;
  await proxy.down();
  await run.seconds();
  await agent0.program.end('SIGKILL');
  damage();
  await run.up();
  await proxy.up();
  await run.recovered();
}

const tornWal: Scenario = {
  name: 'torn-wal',
  about: 'kill -9, and the last frame of the write-ahead log is only partly there',
  rounds: 4,
  seconds: 2,
  act: (run) => run.rounds((place) => killedWithOutbox(run, () => tearWal(run.outboxFile, place % 2 === 1))),
};

const tables = ['segments', 'settled', 'watermarks'] as const;
const corrupt: Scenario = {
  name: 'corrupt-page',
  about:
    'kill -9, and a page of the outbox is overwritten: in turn of what waits (that counts as dead), of what is settled, of the watermarks',
  rounds: 3,
  seconds: 2,
  act: (run) =>
    run.rounds(async (place) => {
      const before = unreadable(run);
      let rows = 0;
      const messages = new Set<number>();
      await killedWithOutbox(run, () => {
        const destroyed = corruptPage(run.outboxFile, tables[place % tables.length] ?? 'segments', run.stage.truth);
        rows = destroyed.rows;
        for (const n of destroyed.messages) messages.add(n);
      });
      const reported = unreadable(run) - before;
      run.note(`${rows} rows were destroyed, ${reported} reported as unreadable`);
      // A number that lay on the page counts for the report even if it was settled.
      if (reported >= rows) for (const n of messages) run.reported.add(n);
      else run.fault(`${rows} rows were destroyed and ${reported} reported`);
    }),
};

/** Rows that the log of klavze says could not be read. */
function unreadable(run: Run): number {
  const found = run.stage.agent0.program.log.matchAll(/"unreadable":(\d+)/g);
  return [...found].reduce((sum, [, count]) => sum + Number(count), 0);
}

let disk: ReturnType<typeof smallDisk>;
const diskFull: Scenario = {
  name: 'disk-full',
  about: 'the outbox fills its disk while the NGSI-LD broker is away',
  rounds: 2,
  seconds: 5,
  prepare(run) {
    disk = smallDisk(run.stage.agent0.dataDir);
    if (disk === undefined) throw new Error('neither mount nor prlimit is allowed here; the disk cannot be made small');
    run.note(`the disk is a ${disk.kind}`);
    run.stage.closers.unshift(() => disk?.remove());
    return 0;
  },
  act: (run) =>
    run.rounds(async () => {
      const { proxy, agent0 } = run.stage;
      disk?.limit(agent0.program.pid);
      await proxy.down();
      await until(
        'the outbox says that the disk is full',
        async () => ((await run.stage.health())?.checks?.['outbox']?.ok === false ? true : undefined),
        300,
      );
      run.note(`full after ${run.stream.count} messages; nothing is acknowledged to Mosquitto now`);
      await run.seconds();
      if (!agent0.program.runs) run.fault('klavze ended when the disk was full');
      disk?.lift(agent0.program.pid);
      await proxy.up();
      await run.recovered();
      await until(
        'the outbox can be written again',
        async () => ((await run.stage.health())?.checks?.['outbox']?.ok === true ? true : undefined),
        300,
      );
    }),
};

const waiting = 400;
const upgrade: Scenario = {
  name: 'upgrade',
  about: `an outbox of the first schema version with ${waiting} waiting values and a dead letter is opened by this version`,
  rounds: 1,
  seconds: 3,
  prepare(run) {
    const letter = Buffer.from('{"pm10": 12.');
    firstVersion(run.outboxFile, run.stage.truth, waiting, letter);
    run.poison.push(letter);
    return waiting;
  },
  act: (run) => run.seconds(),
};

export const brokenFiles: readonly Scenario[] = [diskFull, tornWal, corrupt, upgrade];
