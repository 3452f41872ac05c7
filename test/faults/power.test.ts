/**
 * The power is cut while teams play, rooms are opened, finished and archived, and while the program starts:
 * the disk is cloned at that instant, and the clone must have everything that anybody had seen or was sent
 * before. Unlike after kill -9, what never reached the disk is not on the clone.
 *
 * Three controls remove one guard each and must be detected: O_DSYNC and sync of the journal, sync of the
 * main database, and the order of write and echo.
 */
import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess, startServer } from '../e2e/support/server.ts';
import {
  type PowerCutDisk,
  powerCutDisk,
  blockDeviceProblem,
  noSyncLibrary,
} from '../support/disks/block-device.ts';
import { faultsOf, lostByDisk, readDataFolder } from '../support/processes/data-folder.ts';
import { faultServer, testsRequiring } from '../support/fault-test.ts';
import { shortOrFull } from '../support/short-or-full.ts';
import {
  faultsIn,
  logFromServer,
  createTeam,
  play,
  countsSeen,
  type Team,
} from '../support/clients/client-team.ts';
import { seededRandom } from '../support/in-process/world.simulated.ts';

const CUTS = shortOrFull(10, 300);
/** Cuts after which the program is killed and started again, on the disk that was not cut. */
const CUTS_PER_PERIOD = shortOrFull(5, 30);
const CUTS_WHILE_STARTING = 2;
/** On every n-th clone the program itself is started and compared. */
const WHOLE_STARTS = shortOrFull(5, 25);
const CONTROL_CUTS = 6;
const DISK_MB = 320;
const TEAMS = 3;
const PLAYERS = 2;
/** Pause between moves of a player, ms: below the sustained limit of 20 a second. */
const PAUSE_MS = 70;
const SHORT_ROOM_MOVES = 6;
const TEST_MS = shortOrFull(240_000, 1_500_000);
/** Faults of the main database: it cannot be read, its own check fails, or it lacks a room in use. */
const NO_DATABASE =
  /^(SQLiteError: |main database: |room \w{20} (is not in|has a log and no row in) the main database$)/;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, 60_000);

interface Setup {
  readonly disk: PowerCutDisk;
  readonly random: () => number;
  readonly guard: { readonly removedGuard?: string; readonly env?: { readonly [name: string]: string } };
  /** The teams of this period and of the one before. */
  teams: Team[];
  readonly faults: string[];
  readonly tally: { cuts: number; wholeStarts: number; archived: number; rooms: number; entries: number };
}

async function createSetup(seed: number, guard: Setup['guard'] = {}): Promise<Setup> {
  const disk = await powerCutDisk(DISK_MB);
  undo.push(() => disk.remove());
  const tally = { cuts: 0, wholeStarts: 0, archived: 0, rooms: 0, entries: 0 };
  return { disk, random: seededRandom(seed), guard, teams: [], faults: [], tally };
}

/** Cuts the power once: what was seen before must be on the clone. */
async function cut(setup: Setup): Promise<void> {
  const { disk, teams, tally, faults } = setup;
  const seen = new Map(teams.map((team) => [team, countsSeen(team)]));
  const clone = await disk.powerCut();
  undo.push(() => clone.remove());
  tally.cuts++;
  const data = join(clone.path, 'data');
  if (tally.cuts % WHOLE_STARTS === 0 && teams.length > 0) await startOn(setup, data, seen);
  else if (seen.size > 0) {
    const folder = await readDataFolder(data);
    faults.push(...faultsOf(folder, seen));
    tally.archived = Math.max(tally.archived, folder.archived);
    tally.rooms = Math.max(tally.rooms, folder.rooms.size);
    for (const log of folder.rooms.values()) tally.entries = Math.max(tally.entries, log.length);
  }
  undo.pop();
  await clone.remove();
}

/** Starts the program on the clone; a new client must get what the others had seen. */
async function startOn(
  { tally, faults }: Setup,
  data: string,
  seen: ReadonlyMap<Team, readonly number[]>,
): Promise<void> {
  const server = await startServer(faultServer(data, { flags: ['archiver', 'game'] }));
  try {
    for (const [team, counts] of seen) {
      faults.push(...faultsIn(await logFromServer({ port: server.port }, team), team, counts));
    }
    tally.wholeStarts++;
  } finally {
    await server.kill();
  }
}

/** Starts the program on the disk; the power is cut meanwhile, too. */
async function start(setup: Setup): Promise<ServerProcess> {
  const starting = beginServer(faultServer(join(setup.disk.path, 'data'), setup.guard));
  undo.push(() => starting.kill());
  // Not on an empty disk, which cannot lose anything.
  for (let early = 0; setup.teams.length > 0 && early < CUTS_WHILE_STARTING; early++) {
    await Bun.sleep(setup.random() * 300);
    await cut(setup);
  }
  return starting.ready;
}

/** Runs the program while teams play and short rooms are finished, and cuts the power `cuts` times. */
async function runPeriod(setup: Setup, cuts: number): Promise<void> {
  const { random, tally, faults } = setup;
  const server = await start(setup);
  const site = { port: server.port };
  setup.teams = setup.teams.slice(-TEAMS);
  for (let team = 0; team < TEAMS; team++) setup.teams.push(await createTeam(site, PLAYERS));
  const standing = setup.teams.slice(-TEAMS);
  let going = true;
  const options = { random, going: () => going, pauseMs: PAUSE_MS };
  const playing = standing.flatMap(({ pages }) => pages.map((page) => play(page, options)));
  const shortRooms = async (): Promise<void> => {
    while (going) {
      const team = await createTeam(site, 1);
      setup.teams = [...setup.teams.slice(-3 * TEAMS), team, ...standing].filter(isFirst);
      const [page] = team.pages;
      for (let move = 0; move < SHORT_ROOM_MOVES; move++) page?.send(RecordKind.move, Uint8Array.of(move));
      // The archiver archives the room at once, together with its stats job.
      page?.send(RecordKind.finish, new Uint8Array(0));
      await page?.echoed();
      await page?.close();
    }
  };
  playing.push(shortRooms());
  for (let done = 0; done < cuts && faults.length === 0; done++) {
    await Bun.sleep(random() * 150);
    await cut(setup);
  }
  tally.rooms = Math.max(tally.rooms, setup.teams.length);
  going = false;
  await Promise.all(playing);
  await server.kill();
  await Promise.all(standing.flatMap(({ pages }) => pages.map((page) => page.close())));
}

function isFirst<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index;
}

async function run(setup: Setup, cuts: number): Promise<Setup> {
  while (setup.tally.cuts < cuts && setup.faults.length === 0) {
    await runPeriod(setup, Math.min(CUTS_PER_PERIOD, cuts - setup.tally.cuts));
  }
  return setup;
}

testsRequiring('a power cut', blockDeviceProblem(), () => {
  test(
    `cut ${CUTS} times, everything that anybody was shown is on the disk, whole and in order`,
    async () => {
      const { faults, tally } = await run(await createSetup(1), CUTS);
      expect(faults).toEqual([]);
      expect(tally.cuts).toBeGreaterThanOrEqual(CUTS);
      expect(tally.wholeStarts).toBeGreaterThan(0);
      expect(tally.archived).toBeGreaterThan(0);
      expect(tally.entries).toBeGreaterThan(10);
      console.log(tally);
    },
    TEST_MS,
  );

  test(
    'control: a journal that leaves its entries in the cache is detected',
    async () => {
      const { faults } = await run(await createSetup(2, { removedGuard: 'sync' }), CONTROL_CUTS);
      expect(lostByDisk(faults), faults.join('\n')).toBe(true);
    },
    TEST_MS,
  );

  test(
    'control: a main database that leaves its transactions in the cache is detected',
    async () => {
      const setup = await createSetup(3);
      const library = await noSyncLibrary(setup.disk.path);
      const { faults } = await run({ ...setup, guard: { env: { LD_PRELOAD: library } } }, CONTROL_CUTS);
      expect(faults.filter((fault) => NO_DATABASE.test(fault))).not.toEqual([]);
    },
    TEST_MS,
  );

  test(
    'control: a room log that replies before it writes is detected',
    async () => {
      const { faults } = await run(await createSetup(4, { removedGuard: 'early' }), CONTROL_CUTS);
      expect(lostByDisk(faults), faults.join('\n')).toBe(true);
    },
    TEST_MS,
  );
});
