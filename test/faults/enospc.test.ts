/**
 * A full disk under one part of the program at a time, and during recovery (disk-full.test.ts has the whole
 * folder on one disk that fills up while teams play). A full main database does not affect the rooms; a
 * start with any amount of free space either serves everything or reports why not and damages nothing.
 *
 * The control ignores the full disk, and must be detected.
 */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess } from '../e2e/support/server.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultsOf, lostByDisk, readDataFolder } from '../support/processes/data-folder.ts';
import { faultServer, testsRequiring } from '../support/fault-test.ts';
import { shortOrFull } from '../support/short-or-full.ts';
import { type Site, siteVisitor } from '../support/clients/visitor.ts';
import { smallDiskProblem, type SmallDisk, smallDisk } from '../support/disks/small-disk.ts';
import {
  reconnectTeam,
  faultsIn,
  logFromServer,
  createTeam,
  countsSeen,
  type Team,
} from '../support/clients/client-team.ts';

const DISK_MB = 56;
const TEAMS = 6;
const PLAYERS = 4;
/** Together more than the journal has preallocated, while each page stays below its burst limit. */
const MOVES = 48;
const MOVE_BYTES = 4_000;
/** Free KB at a start after a kill: none, less than anything needs, about what the journal needs, enough. */
const LEFT_KB = [0, 5_000, 300, 4_400, 4, 64, 1_000, 3_900, 9_000].slice(0, shortOrFull(2, 9));
const TEST_MS = 120_000;

let disk: SmallDisk;
let dataDir: string;
let server: ServerProcess;
let teams: Team[];
const undo: (() => unknown)[] = [];

async function start(options: Parameters<typeof faultServer>[1] = {}): Promise<Site> {
  const starting = beginServer(faultServer(dataDir, options));
  undo.push(() => starting.kill());
  server = await starting.ready;
  return { port: server.port };
}

async function enter(site: Site, count = TEAMS): Promise<void> {
  for (let team = 0; team < count; team++) teams.push(await createTeam(site, PLAYERS));
}

/** Random bytes do not compress, so that archive and log take the same space. */
function send(moves: number): void {
  for (const { pages } of teams) {
    for (let move = 0; move < moves; move++) {
      for (const page of pages)
        page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(MOVE_BYTES)));
    }
  }
}

async function echoed(): Promise<void> {
  await Promise.all(teams.flatMap(({ pages }) => pages.map((page) => page.echoed())));
}

async function expectWhole(site: Site): Promise<void> {
  for (const team of teams) expect(faultsIn(await logFromServer(site, team), team)).toEqual([]);
}

testsRequiring('a full disk', smallDiskProblem(), () => {
  beforeEach(() => {
    const mounted = smallDisk(DISK_MB);
    if (!mounted) throw new Error('a tmpfs can no longer be mounted');
    disk = mounted;
    undo.push(() => disk.remove());
    dataDir = join(disk.path, 'data');
    teams = [];
  });
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  }, 60_000);

  test(
    'under the main database alone: rooms do not notice, the archive waits and catches up',
    async () => {
      const journal = temporaryFolder('enospc-journal');
      undo.push(() => journal.remove());
      mkdirSync(dataDir);
      symlinkSync(journal.path, join(dataDir, 'journal'));
      const site = await start();
      await enter(site);
      disk.fill();
      teams[0]?.pages[0]?.send(RecordKind.finish, new Uint8Array(0));
      send(10);
      await echoed();
      while (!/"sweep-failed".*SQLITE_FULL/.test(server.output())) await Bun.sleep(20);
      expect((await siteVisitor(site).post('/games/dormouse-hour/free')).status).toBeGreaterThanOrEqual(500);
      send(5);
      await echoed();
      expect(teams.flatMap(({ pages }) => pages.map(({ holds }) => holds))).not.toContain(1);
      await expectWhole(site);
      disk.free();
      await enter(site, 1);
      expect(await server.stop()).toBe(0);
      const folder = await readDataFolder(dataDir);
      expect(folder.archived).toBe(TEAMS + 1);
      expect(faultsOf(folder, new Map(teams.map((team) => [team, countsSeen(team)])))).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'at a start after a kill, with any free space: it serves everything or reports why not, and damages nothing',
    async () => {
      await enter(await start());
      disk.fill();
      send(MOVES);
      await Promise.all(
        teams.flatMap(({ pages }) => pages.map((page) => page.until('hold', () => page.isHeld))),
      );
      await server.kill();
      let refused = 0;
      for (const left of LEFT_KB) {
        disk.leaveFree(left * 1024);
        const outcome = await start({ flags: ['archiver', 'game'] }).then(
          (site) => site,
          (error: Error) => error.message,
        );
        if (typeof outcome === 'string') {
          expect(outcome).toMatch(/ended with 1:\n[^\n]+ free [^\n]+\[[a-z-]+\]\n/);
          refused++;
        } else {
          await expectWhole(outcome);
          await server.kill();
        }
      }
      expect(refused).toBeGreaterThan(0);
      disk.free();
      const site = await start({ flags: ['archiver', 'game'] });
      for (const team of teams) await reconnectTeam(site, team);
      await echoed();
      await expectWhole(site);
    },
    TEST_MS,
  );

  test(
    'control: a journal that ignores it is detected',
    async () => {
      await enter(await start({ removedGuard: 'errors' }));
      disk.fill();
      // No more at once than a room accepts before it has stored something.
      for (let sent = 0; sent < MOVES; sent += 6) {
        send(6);
        await echoed();
      }
      await server.kill();
      disk.free();
      const seen = new Map(teams.map((team) => [team, countsSeen(team)]));
      const found = faultsOf(await readDataFolder(dataDir), seen);
      expect(lostByDisk(found), found.join('\n')).toBe(true);
    },
    TEST_MS,
  );
});
