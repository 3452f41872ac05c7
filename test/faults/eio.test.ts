/**
 * A disk whose writes fail with an I/O error, under the real program: every echo that is still sent is of
 * something durable, the process ends by itself and reports why, and on a repaired disk it has everything.
 * The disk is unmounted before the check, because the cache of the system keeps what never reached the
 * device.
 *
 * The control ignores the errors, and must be detected.
 */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { type FaultyDisk, faultyDisk, blockDeviceProblem } from '../support/disks/block-device.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultsOf, lostByDisk, readDataFolder } from '../support/processes/data-folder.ts';
import { faultServer, testsRequiring } from '../support/fault-test.ts';
import { shortOrFull } from '../support/short-or-full.ts';
import { type Site, siteVisitor } from '../support/clients/visitor.ts';
import { reconnectTeam, createTeam, play, countsSeen, type Team } from '../support/clients/client-team.ts';
import { seededRandom } from '../support/in-process/world.simulated.ts';

const FAILURES = shortOrFull(1, 15);
const TEAMS = 2;
const PLAYERS = 2;
const DISK_MB = 128;
/** Exit code of `engine-failed`: should be started again. */
const EXIT_FAILED = 3;
const TEST_MS = shortOrFull(180_000, 400_000);

let disk: FaultyDisk;
let dataDir: string;
let teams: Team[];
const undo: (() => unknown)[] = [];

/** Pages that reconnect need only the rooms. */
const ROOMS_ONLY = ['archiver', 'game'];

async function start(options: Parameters<typeof faultServer>[1] = {}): Promise<ServerProcess> {
  const starting = beginServer(faultServer(dataDir, options));
  undo.push(() => starting.kill());
  return starting.ready;
}

async function enter(site: Site): Promise<void> {
  for (let team = 0; team < TEAMS; team++) teams.push(await createTeam(site, PLAYERS));
}

/** All pages play until `going` returns false or the server ends. */
function playing(random: () => number, going: () => boolean): Promise<unknown> {
  return Promise.all(
    teams.flatMap(({ pages }) => pages.map((page) => play(page, { random, going, pauseMs: 20 }))),
  );
}

function entriesSeen(): number {
  return teams.flatMap(countsSeen).reduce((sum, count) => sum + count, 0);
}

/** What is missing or different on the device. */
async function faultsOnDevice(): Promise<readonly string[]> {
  const seen = new Map(teams.map((team) => [team, countsSeen(team)]));
  disk.heal();
  await disk.remount();
  return faultsOf(await readDataFolder(dataDir), seen);
}

/** All pages reconnect without a reset, and play on. */
async function expectPlay(site: Site): Promise<void> {
  for (const team of teams) {
    await reconnectTeam(site, team);
    for (const page of team.pages) page.send(RecordKind.move, Uint8Array.of(1));
    await Promise.all(team.pages.map((page) => page.echoed()));
    expect(team.pages.map(({ resets, fault }) => ({ resets, fault }))).toEqual(
      team.pages.map(() => ({ resets: 0, fault: null })),
    );
  }
}

testsRequiring('a disk that fails', blockDeviceProblem(), () => {
  beforeEach(async () => {
    disk = await faultyDisk(DISK_MB);
    undo.push(() => disk.remove());
    dataDir = join(disk.path, 'data');
    teams = [];
  });
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  }, 60_000);

  test(
    'nothing is reported durable after an error; the process ends with code 3 and has everything at its next start',
    async () => {
      const random = seededRandom(1);
      let server = await start();
      await enter({ port: server.port });
      for (let failure = 1; failure <= FAILURES; failure++) {
        const played = playing(random, () => true);
        const before = entriesSeen();
        while (entriesSeen() < before + 20 + random() * 60) await Bun.sleep(5);
        disk.fail();
        expect(await server.exited).toBe(EXIT_FAILED);
        expect(server.output().trimEnd()).toMatch(
          /An engine failed [^\n]+start again[^\n]+\[engine-failed\]$/,
        );
        await played;
        expect(await faultsOnDevice()).toEqual([]);
        server = await start({ flags: ROOMS_ONLY });
        await expectPlay({ port: server.port });
      }
    },
    TEST_MS,
  );

  test(
    'a start on it ends with an error message, and damages nothing',
    async () => {
      const server = await start();
      await enter({ port: server.port });
      const played = playing(seededRandom(2), () => true);
      while (entriesSeen() < 40) await Bun.sleep(5);
      await server.kill();
      await played;
      disk.fail();
      const refused = await start({ flags: ROOMS_ONLY }).then(
        () => 'it started',
        (error: Error) => error.message,
      );
      expect(refused).toMatch(/the server ended with [13]:\n[^\n]+\[[a-z-]+\]/);
      expect(await faultsOnDevice()).toEqual([]);
      await expectPlay({ port: (await start({ flags: ROOMS_ONLY })).port });
    },
    TEST_MS,
  );

  test(
    'under the main database alone: rooms continue, the archive waits, and nothing is lost',
    async () => {
      const journal = temporaryFolder('eio-journal');
      undo.push(() => journal.remove());
      mkdirSync(dataDir);
      symlinkSync(journal.path, join(dataDir, 'journal'));
      const server = await start();
      const site = { port: server.port };
      await enter(site);
      const [first] = teams;
      if (!first) throw new Error('there is a team');
      disk.fail();
      first.pages[0]?.send(RecordKind.finish, new Uint8Array(0));
      while (!server.output().includes('"sweep-failed"')) {
        for (const { pages } of teams) {
          for (const page of pages) page.send(RecordKind.move, Uint8Array.of(1));
          await Promise.all(pages.map((page) => page.echoed()));
        }
      }
      expect((await siteVisitor(site).post('/games/dormouse-hour/free')).status).toBeGreaterThanOrEqual(500);
      expect((await siteVisitor(site).get('/health')).status).toBe(200);
      await server.kill();
      expect(await faultsOnDevice()).toEqual([]);
      await expectPlay({ port: (await start({ flags: ROOMS_ONLY })).port });
    },
    TEST_MS,
  );

  test(
    'control: a journal that ignores the errors is detected',
    async () => {
      const server = await start({ removedGuard: 'errors' });
      await enter({ port: server.port });
      let going = true;
      const played = playing(seededRandom(3), () => going);
      disk.fail();
      const before = entriesSeen();
      while (entriesSeen() < before + 50) await Bun.sleep(5);
      going = false;
      await played;
      await server.kill();
      const found = await faultsOnDevice();
      expect(lostByDisk(found), found.join('\n')).toBe(true);
    },
    TEST_MS,
  );
});
