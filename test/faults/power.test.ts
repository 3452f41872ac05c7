/**
 * The power is cut while teams play, rooms are opened, finished and archived, and while the program
 * starts: the disk is cloned at that instant, and on the clone everything must be there that anybody
 * had seen or been told before. What never reached the disk is not on the clone, unlike after kill -9.
 *
 * Three controls leave out one guard each and must be found out: the journal's O_DSYNC and sync, the
 * sync of the main database, and the order of write and echo.
 */
import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess, startServer } from '../e2e/support/server.ts';
import {
  type CuttableDisk,
  cuttableDisk,
  noBlockDevices,
  noSyncLibrary,
} from '../support/disks/block-device.ts';
import { faultsOf, lostByTheDisk, readDataFolder } from '../support/processes/data-folder.ts';
import { faultServer, whereItCan } from '../support/fault-test.ts';
import { rounds } from '../support/rounds.ts';
import { faultsIn, logFromServer, newTeam, play, seenBy, type Team } from '../support/clients/team.ts';
import { seededRandom } from '../support/in-process/world.simulated.ts';

const CUTS = rounds(10, 300);
/** Then the program is killed and started again, on the disk that was not cut. */
const CUTS_PER_SPELL = rounds(5, 30);
const CUTS_WHILE_STARTING = 2;
/** On every so manieth clone the program itself is started and asked. */
const WHOLE_STARTS = rounds(5, 25);
const CONTROL_CUTS = 6;
const DISK_MB = 320;
const TEAMS = 3;
const PLAYERS = 2;
/** A player sends so often, ms: a page's rate in the long run is 20 a second. */
const PAUSE_MS = 70;
const EVENING_MOVES = 6;
const TEST_MS = rounds(240_000, 1_500_000);
/** It cannot be read, its own check says so, or it lacks a room that somebody plays in. */
const NO_DATABASE =
  /^(SQLiteError: |main database: |room \w{20} (is not in|has a log and no row in) the main database$)/;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, 60_000);

interface Bench {
  readonly disk: CuttableDisk;
  readonly random: () => number;
  readonly guard: { readonly unguarded?: string; readonly env?: { readonly [name: string]: string } };
  /** Those of this spell and of the one before. */
  teams: Team[];
  readonly faults: string[];
  readonly tally: { cuts: number; wholeStarts: number; archived: number; rooms: number; entries: number };
}

async function createBench(seed: number, guard: Bench['guard'] = {}): Promise<Bench> {
  const disk = await cuttableDisk(DISK_MB);
  undo.push(() => disk.remove());
  const tally = { cuts: 0, wholeStarts: 0, archived: 0, rooms: 0, entries: 0 };
  return { disk, random: seededRandom(seed), guard, teams: [], faults: [], tally };
}

/** One cut: what was seen before it must be on the clone. */
async function cut(bench: Bench): Promise<void> {
  const { disk, teams, tally, faults } = bench;
  const seen = new Map(teams.map((team) => [team, seenBy(team)]));
  const clone = await disk.cut();
  undo.push(() => clone.remove());
  tally.cuts++;
  const data = join(clone.path, 'data');
  if (tally.cuts % WHOLE_STARTS === 0 && teams.length > 0) await startOn(bench, data, seen);
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

/** The program starts on the clone, and players who come anew get what the others had seen. */
async function startOn(
  { tally, faults }: Bench,
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
async function start(bench: Bench): Promise<ServerProcess> {
  const starting = beginServer(faultServer(join(bench.disk.path, 'data'), bench.guard));
  undo.push(() => starting.kill());
  // On an empty disk there is nothing yet that could be lost.
  for (let early = 0; bench.teams.length > 0 && early < CUTS_WHILE_STARTING; early++) {
    await Bun.sleep(bench.random() * 300);
    await cut(bench);
  }
  return starting.ready;
}

/** The program runs, teams play, small teams come and go, and the power is cut so many times. */
async function spell(bench: Bench, cuts: number): Promise<void> {
  const { random, tally, faults } = bench;
  const server = await start(bench);
  const site = { port: server.port };
  bench.teams = bench.teams.slice(-TEAMS);
  for (let team = 0; team < TEAMS; team++) bench.teams.push(await newTeam(site, PLAYERS));
  const standing = bench.teams.slice(-TEAMS);
  let going = true;
  const pace = { random, going: () => going, pauseMs: PAUSE_MS };
  const playing = standing.flatMap(({ pages }) => pages.map((page) => play(page, pace)));
  const evenings = async (): Promise<void> => {
    while (going) {
      const team = await newTeam(site, 1);
      bench.teams = [...bench.teams.slice(-3 * TEAMS), team, ...standing].filter(isFirst);
      const [page] = team.pages;
      for (let move = 0; move < EVENING_MOVES; move++) page?.send(RecordKind.move, Uint8Array.of(move));
      // The archiver takes the room at once, and a job for its statistics goes with it.
      page?.send(RecordKind.finish, new Uint8Array(0));
      await page?.echoed();
      await page?.leave();
    }
  };
  playing.push(evenings());
  for (let done = 0; done < cuts && faults.length === 0; done++) {
    await Bun.sleep(random() * 150);
    await cut(bench);
  }
  tally.rooms = Math.max(tally.rooms, bench.teams.length);
  going = false;
  await Promise.all(playing);
  await server.kill();
  await Promise.all(standing.flatMap(({ pages }) => pages.map((page) => page.leave())));
}

function isFirst<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index;
}

async function run(bench: Bench, cuts: number): Promise<Bench> {
  while (bench.tally.cuts < cuts && bench.faults.length === 0) {
    await spell(bench, Math.min(CUTS_PER_SPELL, cuts - bench.tally.cuts));
  }
  return bench;
}

whereItCan('a power cut', noBlockDevices(), () => {
  test(
    `cut ${CUTS} times, everything that anybody was shown or told is on the disk, whole and in order`,
    async () => {
      const { faults, tally } = await run(await createBench(1), CUTS);
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
    'control: a journal that leaves its entries in the cache is found out',
    async () => {
      const { faults } = await run(await createBench(2, { unguarded: 'sync' }), CONTROL_CUTS);
      expect(lostByTheDisk(faults), faults.join('\n')).toBe(true);
    },
    TEST_MS,
  );

  test(
    'control: a main database that leaves its transactions in the cache is found out',
    async () => {
      const bench = await createBench(3);
      const library = await noSyncLibrary(bench.disk.path);
      const { faults } = await run({ ...bench, guard: { env: { LD_PRELOAD: library } } }, CONTROL_CUTS);
      expect(faults.filter((fault) => NO_DATABASE.test(fault))).not.toEqual([]);
    },
    TEST_MS,
  );

  test(
    'control: a room log that answers before it writes is found out',
    async () => {
      const { faults } = await run(await createBench(4, { unguarded: 'early' }), CONTROL_CUTS);
      expect(lostByTheDisk(faults), faults.join('\n')).toBe(true);
    },
    TEST_MS,
  );
});
