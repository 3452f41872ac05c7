/**
 * The memory runs out while teams play: the kernel kills the program, and after the next start everything
 * shown is there. Unlike kill -9 from outside, this happens where memory is allocated.
 *
 * The control replies before it writes, and must be detected.
 */
import { afterEach, expect, test } from 'bun:test';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultServer, testsRequiring } from '../support/fault-test.ts';
import { memoryGroup, noMemoryGroup } from '../support/processes/memory-group.ts';
import { shortOrFull } from '../support/short-or-full.ts';
import { siteVisitor } from '../support/clients/visitor.ts';
import {
  reconnectTeam,
  faultsIn,
  logFromServer,
  createTeam,
  play,
  type Team,
} from '../support/clients/client-team.ts';
import { seededRandom } from '../support/in-process/world.simulated.ts';

const ROUNDS = shortOrFull(1, 20);
const CONTROL_ROUNDS = 2;
const TEAMS = 2;
const PLAYERS = 3;
/** Bytes that the program may still allocate when the limit is set. */
const LEFT_BYTES = 256 * 1024;
const TIGHTEN_MS = 50;
/** Exit code after SIGKILL. */
const KILLED = 137;
const TEST_MS = shortOrFull(180_000, 400_000);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, 60_000);

/** Lets the program run out of memory `count` times; returns what was lost. */
async function run(count: number, removedGuard: string | null = null): Promise<readonly string[]> {
  const folder = temporaryFolder('memory');
  undo.push(() => folder.remove());
  const random = seededRandom(1);
  let teams: readonly Team[] = [];
  for (let round = 0; ; round++) {
    const group = memoryGroup();
    undo.push(() => group.remove());
    const starting = beginServer(faultServer(folder.path, { before: group.before, removedGuard }));
    undo.push(() => starting.kill());
    const server = await starting.ready;
    const site = { port: server.port };
    if (teams.length === 0)
      teams = await Promise.all(Array.from({ length: TEAMS }, () => createTeam(site, PLAYERS)));
    else {
      const faults: string[] = [];
      for (const team of teams) faults.push(...faultsIn(await logFromServer(site, team), team));
      if (faults.length > 0 || round === count) return faults;
      for (const team of teams) await reconnectTeam(site, team);
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
  const options = { random, going: () => alive, pauseMs: 5 };
  const playing = teams.flatMap(({ pages }) => pages.map((page) => play(page, options)));
  // Page views allocate memory at once, rooms only in the long run.
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

testsRequiring('no memory', noMemoryGroup(), () => {
  test(
    `is left (× ${ROUNDS}): the program is killed, and at its next start has everything that was shown`,
    async () => {
      expect(await run(ROUNDS)).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'control: a room log that replies before it writes is detected',
    async () => {
      expect((await run(CONTROL_ROUNDS, 'early')).join('\n')).toContain('that are missing');
    },
    TEST_MS,
  );
});
