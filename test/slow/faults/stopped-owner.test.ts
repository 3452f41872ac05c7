/**
 * An owner of rooms is stopped (SIGSTOP), and another process tries to take its place. With journals on a
 * disk that is impossible: the kernel keeps the locks of a stopped process. A second program on the same
 * data folder is refused; one that ignores the folder's lock is refused by the journal's; one with a new
 * main process is refused the slot that an orphaned game process holds. The first continues unchanged.
 *
 * The control has no locks: the second is admitted, the first continues, and the room has two logs.
 *
 * It mostly waits, so all cases run at the same time, each with a folder of its own.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import { beginServer, type ServerProcess, startServer } from '../../e2e/support/server.ts';
import { temporaryFolder } from '../../support/processes/command-line.ts';
import { faultServer } from '../../support/fault-test.ts';
import { allGone, gameProcesses, startWithProcesses } from '../../support/processes/game-processes.ts';
import type { RoomClient } from '../../support/clients/room-client.ts';
import type { Site } from '../../support/clients/visitor.ts';
import {
  reconnectTeam,
  faultsIn,
  logFromServer,
  createTeam,
  type Team,
} from '../../support/clients/client-team.ts';

const TEST_MS = 120_000;
const PLAYERS = 2;
const MOVES = 10;
/** The program ended before it was ready: exit code and reason. */
const ENDED = /^the server ended with (\d+):\n([^]*)$/;

const undo: (() => unknown)[] = [];

function dataFolder(): string {
  const folder = temporaryFolder('owner');
  undo.push(() => folder.remove());
  return folder.path;
}

function own(server: ServerProcess): ServerProcess {
  undo.push(() => server.kill());
  return server;
}

/** How a second program, started beside the first, ends. */
async function refusalOf(
  ...options: Parameters<typeof faultServer>
): Promise<readonly [code: number, why: string]> {
  const starting = beginServer(faultServer(...options));
  undo.push(() => starting.kill());
  const outcome = await starting.ready.then(
    () => 'it is ready',
    (error: Error) => error.message,
  );
  const [, code = '-1', why = outcome] = ENDED.exec(outcome) ?? [];
  return [Number(code), why];
}

/** All pages send, and wait for their echoes. */
async function play(pages: readonly RoomClient[]): Promise<void> {
  for (const page of pages) {
    for (let move = 0; move < MOVES; move++)
      page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(40)));
  }
  await Promise.all(pages.map((page) => page.echoed()));
}

/** What is wrong with the log that a new client gets. */
async function problemsIn(site: Site, team: Team): Promise<readonly string[]> {
  const log = await logFromServer(site, team);
  await Promise.all(team.pages.map((page) => page.has(log.length)));
  const moves = log.filter(({ kind }) => kind === RecordKind.move).length;
  return [...faultsIn(log, team), `${moves} moves`];
}

interface Refused {
  readonly byFolder: readonly [number, string];
  readonly byJournal: readonly [number, string];
  /** Whether each page stayed connected from before the stop to the end. */
  readonly connected: readonly boolean[];
  readonly wrong: readonly string[];
}

/** Stops a whole program; two others try to use its folder meanwhile. */
async function stopProgram(): Promise<Refused> {
  const dataDir = dataFolder();
  const server = own(await startServer(faultServer(dataDir)));
  const team = await createTeam(server, PLAYERS);
  await play(team.pages);
  process.kill(server.pid, 'SIGSTOP');
  // Sent while the server does not read.
  for (const page of team.pages) page.send(RecordKind.move, new Uint8Array(40));
  const byFolder = await refusalOf(dataDir);
  const byJournal = await refusalOf(dataDir, { removedGuard: 'folder-lock' });
  process.kill(server.pid, 'SIGCONT');
  await play(team.pages);
  const connected = team.pages.map((page) => page.isConnected);
  return { byFolder, byJournal, connected, wrong: await problemsIn(server, team) };
}

interface Orphaned {
  readonly bySlot: readonly [number, string];
  readonly wrong: readonly string[];
}

/** Stops a game process, kills its main process, and starts the program again. */
async function orphanGameProcess(): Promise<Orphaned> {
  const dataDir = dataFolder();
  const first = own(await startWithProcesses(dataDir, 1));
  const team = await createTeam(first, PLAYERS);
  await play(team.pages);
  const { h1 = 0 } = gameProcesses(first.pid);
  process.kill(h1, 'SIGSTOP');
  let orphaned = true;
  undo.push(() => orphaned && process.kill(h1, 'SIGKILL'));
  await first.kill();
  const bySlot = await refusalOf(dataDir, { flags: ['--game-processes', '1'] });
  // It continues, notices that its main process is gone, and stops gracefully.
  process.kill(h1, 'SIGCONT');
  await allGone([h1]);
  orphaned = false;
  const second = own(await startServer(faultServer(dataDir)));
  await reconnectTeam(second, team);
  await play(team.pages);
  return { bySlot, wrong: await problemsIn(second, team) };
}

interface Fork {
  /** The entry that each of two pages of one room has after the common part. */
  readonly next: readonly (string | undefined)[];
}

/** Without locks: one page stays with the stopped program, the other connects to the second one. */
async function takeOver(): Promise<Fork> {
  const dataDir = dataFolder();
  const first = own(await startServer(faultServer(dataDir)));
  const team = await createTeam(first, PLAYERS);
  const [ada, ben] = team.pages as readonly [RoomClient, RoomClient];
  await play(team.pages);
  const common = Math.max(ada.records.length, ben.records.length);
  await Promise.all(team.pages.map((page) => page.has(common)));
  process.kill(first.pid, 'SIGSTOP');
  const second = own(await startServer(faultServer(dataDir, { removedGuard: 'locks' })));
  const successor = ben.sibling();
  await successor.reconnectTo(second, team.room);
  await play([successor]);
  process.kill(first.pid, 'SIGCONT');
  await play([ada]);
  const body = (page: RoomClient) => page.records[common]?.body.toHex();
  return { next: [body(ada), body(successor)] };
}

interface Cases {
  readonly stopped: Promise<Refused>;
  readonly orphaned: Promise<Orphaned>;
  readonly fork: Promise<Fork>;
}
let cases: Cases;

beforeAll(() => {
  cases = { stopped: stopProgram(), orphaned: orphanGameProcess(), fork: takeOver() };
  // Each is awaited by its test; a rejection before that must not count as unhandled.
  for (const one of [cases.stopped, cases.orphaned, cases.fork]) one.catch(() => {});
});
afterAll(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, TEST_MS);

test(
  'a stopped program keeps its folder and its journal, and continues: no other was admitted, and nothing is lost',
  async () => {
    const { byFolder, byJournal, connected, wrong } = await cases.stopped;
    expect(byFolder).toEqual([1, expect.stringContaining('[data-dir-in-use]')]);
    expect(byJournal).toEqual([
      1,
      expect.stringMatching(
        /^Another process uses the journal in \S+\/journal\/h1; [^\n]+\[journal-unusable\]$/m,
      ),
    ]);
    expect(connected).toEqual([true, true]);
    expect(wrong).toEqual([`${PLAYERS * (2 * MOVES + 1)} moves`]);
  },
  TEST_MS,
);

test(
  'a stopped game process without its main process keeps its slot; when it continues it releases it, and nothing is lost',
  async () => {
    const { bySlot, wrong } = await cases.orphaned;
    expect(bySlot).toEqual([
      1,
      expect.stringMatching(
        /^The process for slot h1 did not start: Another process uses the journal [^\n]+\[slot-not-started\]$/m,
      ),
    ]);
    expect(wrong).toEqual([`${PLAYERS * 2 * MOVES} moves`]);
  },
  TEST_MS,
);

test(
  'control: without the locks the second is admitted, the first continues, and one room has two logs',
  async () => {
    const [ofFirst, ofSecond] = (await cases.fork).next;
    expect(ofFirst).toBeString();
    expect(ofSecond).toBeString();
    expect(ofFirst).not.toBe(ofSecond);
  },
  TEST_MS,
);
