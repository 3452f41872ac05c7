/**
 * The memory runs out while teams play: the kernel kills the program wherever it is, and after the
 * next start everything that was shown is there. Unlike kill -9 from outside this strikes where memory
 * is asked for.
 *
 * The control answers before it writes, and must be found out.
 */
import { afterEach, expect, test } from 'bun:test';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultServer, whereItCan } from '../support/fault-test.ts';
import { memoryGroup, noMemoryGroup } from '../support/processes/memory-group.ts';
import { rounds } from '../support/rounds.ts';
import { siteVisitor } from '../support/clients/site-visitor.ts';
import { comeBack, faultsIn, logFromServer, newTeam, play, type Team } from '../support/clients/team.ts';
import { seededRandom } from '../support/in-process/world.simulated.ts';

const ROUNDS = rounds(1, 20);
const CONTROL_ROUNDS = 2;
const TEAMS = 2;
const PLAYERS = 3;
/** What the program may still take when the bound is drawn. */
const LEFT_BYTES = 256 * 1024;
const TIGHTEN_MS = 50;
/** SIGKILL, as a shell counts. */
const KILLED = 137;
const TEST_MS = rounds(180_000, 400_000);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, 60_000);

/** Plays in a program that runs out of memory so many times; answers what was lost. */
async function run(count: number, unguarded: string | null = null): Promise<readonly string[]> {
  const folder = temporaryFolder('memory');
  undo.push(() => folder.remove());
  const random = seededRandom(1);
  let teams: readonly Team[] = [];
  for (let round = 0; ; round++) {
    const group = memoryGroup();
    undo.push(() => group.remove());
    const starting = beginServer(faultServer(folder.path, { before: group.before, unguarded }));
    undo.push(() => starting.kill());
    const server = await starting.ready;
    const site = { port: server.port };
    if (teams.length === 0)
      teams = await Promise.all(Array.from({ length: TEAMS }, () => newTeam(site, PLAYERS)));
    else {
      const faults: string[] = [];
      for (const team of teams) faults.push(...faultsIn(await logFromServer(site, team), team));
      if (faults.length > 0 || round === count) return faults;
      for (const team of teams) await comeBack(site, team);
    }
    await untilKilled(server, group.tighten, teams, random);
  }
}

async function untilKilled(
  server: ServerProcess,
  tighten: (bytes: number) => void,
  teams: readonly Team[],
  random: () => number,
): Promise<void> {
  let alive = true;
  const site = { port: server.port };
  const pace = { random, going: () => alive, pauseMs: 5 };
  const playing = teams.flatMap(({ pages }) => pages.map((page) => play(page, pace)));
  // Pages that are looked at need memory now, rooms only in the long run.
  playing.push(
    (async () => {
      while (alive)
        await siteVisitor(site)
          .get('/')
          .catch(() => {});
    })(),
  );
  const tightening = setInterval(() => tighten(LEFT_BYTES), TIGHTEN_MS);
  const code = await server.exited.finally(() => clearInterval(tightening));
  alive = false;
  await Promise.all(playing);
  expect(code).toBe(KILLED);
}

whereItCan('no memory', noMemoryGroup(), () => {
  test(
    `is left (× ${ROUNDS}): the program is killed, and at its next start has everything that was shown`,
    async () => {
      expect(await run(ROUNDS)).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'control: a room log that answers before it writes is found out',
    async () => {
      expect((await run(CONTROL_ROUNDS, 'early')).join('\n')).toContain('that are gone');
    },
    TEST_MS,
  );
});
