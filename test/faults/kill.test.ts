/**
 * kill -9 of the real program at random moments: while it starts, while pages reconnect, while teams play
 * and while a finished room is archived. Everything that any player saw is in the log, once and in one
 * order for all, and every page continues where it was.
 *
 * A killed process loses nothing that the system has taken, synced or not; power.test.ts checks what a
 * power cut loses. The control replies before it writes, and must be detected.
 */
import { afterEach, expect, test } from 'bun:test';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultServer } from '../support/fault-test.ts';
import { shortOrFull } from '../support/short-or-full.ts';
import type { Site } from '../support/clients/visitor.ts';
import {
  reconnectTeam,
  faultsIn,
  logFromServer,
  createTeam,
  play,
  type Team,
} from '../support/clients/client-team.ts';
import { seededRandom } from '../support/in-process/world.simulated.ts';

const KILLS = shortOrFull(12, 200);
const LANES = 2;
/** Afterwards a new folder with new teams, since ever longer logs would make the checks slow. */
const KILLS_PER_FOLDER = 8;
const CONTROL_KILLS = 4;
const TEAMS = 3;
const PLAYERS = 3;
const TEST_MS = shortOrFull(180_000, 1_500_000);
/** Services of a restart: to reconnect, passes are enough. */
const ROOMS_ONLY = ['archiver', 'game'];

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Lane {
  readonly random: () => number;
  readonly removedGuard: string | null;
  readonly faults: string[];
  readonly tally: { kills: number; whileStarting: number; whileReconnecting: number; entries: number };
}

function createLane(seed: number, removedGuard: string | null = null): Lane {
  const tally = { kills: 0, whileStarting: 0, whileReconnecting: 0, entries: 0 };
  return { random: seededRandom(seed), removedGuard, faults: [], tally };
}

/** Starts the program; in some rounds it is killed before it is ready, and then started again. */
async function start(lane: Lane, dataDir: string, flags: readonly string[]): Promise<ServerProcess> {
  const { random, tally, removedGuard } = lane;
  while (random() < 0.3) {
    const starting = beginServer(faultServer(dataDir, { removedGuard, flags }));
    starting.ready.catch(() => {});
    await Bun.sleep(random() * 600);
    await starting.kill();
    tally.kills++;
    tally.whileStarting++;
  }
  const starting = beginServer(faultServer(dataDir, { removedGuard, flags }));
  undo.push(() => starting.kill());
  return starting.ready;
}

/** Pages reconnect and play until the kill, which does not wait for them. */
async function playUntilKilled(lane: Lane, server: ServerProcess, teams: readonly Team[]): Promise<void> {
  const { random, tally } = lane;
  const site = { port: server.port };
  let alive = true;
  let back = 0;
  const playing = teams.map(async (team) => {
    try {
      await reconnectTeam(site, team);
    } catch (error) {
      if (alive) throw error;
      return;
    }
    back++;
    // A finished room is archived at once: kills happen then, too.
    if (random() < 0.5) team.pages[0]?.send(RecordKind.finish, new Uint8Array(0));
    await Promise.all(team.pages.map((page) => play(page, { random, going: () => alive })));
  });
  // Often early, while pages are still connecting.
  await Bun.sleep(random() ** 2 * 400);
  alive = false;
  if (back < teams.length) tally.whileReconnecting++;
  await server.kill();
  tally.kills++;
  await Promise.all(playing);
}

/** All pages reconnect, resend what was not echoed, and are compared with a new client. */
async function check(lane: Lane, site: Site, teams: readonly Team[]): Promise<void> {
  for (const team of teams) {
    const seen = team.pages.map((page) => page.records.length);
    const log = await logFromServer(site, team);
    lane.faults.push(...faultsIn(log, team, seen));
    if (lane.faults.length > 0) return;
    await reconnectTeam(site, team);
    await Promise.all(team.pages.map((page) => page.echoed()));
    const whole = await logFromServer(site, team);
    for (const page of team.pages) await page.has(whole.length);
    lane.faults.push(...faultsIn(whole, team));
    lane.tally.entries = Math.max(lane.tally.entries, whole.length);
  }
}

async function runFolder(lane: Lane, kills: number): Promise<void> {
  const folder = temporaryFolder('kill');
  undo.push(() => folder.remove());
  const until = lane.tally.kills + kills;
  let server = await beginServer(faultServer(folder.path, { removedGuard: lane.removedGuard })).ready;
  const teams: Team[] = [];
  for (let team = 0; team < TEAMS; team++) teams.push(await createTeam({ port: server.port }, PLAYERS));
  while (lane.tally.kills < until && lane.faults.length === 0) {
    await playUntilKilled(lane, server, teams);
    server = await start(lane, folder.path, ROOMS_ONLY);
    await check(lane, { port: server.port }, teams);
  }
  await Promise.all(teams.flatMap(({ pages }) => pages.map((page) => page.close())));
  await server.kill();
}

async function runLane(lane: Lane, kills: number): Promise<Lane> {
  while (lane.tally.kills < kills && lane.faults.length === 0) {
    await runFolder(lane, Math.min(KILLS_PER_FOLDER, kills - lane.tally.kills));
  }
  return lane;
}

test(
  `killed ${KILLS} times, it has everything that was shown, once and in one order, and nobody is reset`,
  async () => {
    const lanes = Array.from({ length: LANES }, (_, lane) => createLane(1 + lane));
    await Promise.all(lanes.map((lane) => runLane(lane, Math.ceil(KILLS / LANES))));
    for (const { faults, tally } of lanes) {
      expect(faults).toEqual([]);
      expect(tally.kills).toBeGreaterThanOrEqual(Math.ceil(KILLS / LANES));
    }
    expect(lanes.reduce((sum, { tally }) => sum + tally.entries, 0)).toBeGreaterThan(20);
    console.log(lanes.map(({ tally }) => tally));
  },
  TEST_MS,
);

test(
  'control: a room log that replies before it writes is detected',
  async () => {
    const lane = await runLane(createLane(9, 'early'), CONTROL_KILLS);
    expect(lane.faults.join('\n')).toContain('that are missing');
  },
  TEST_MS,
);
