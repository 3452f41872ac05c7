/**
 * An owner of rooms that stands still (SIGSTOP), and somebody who would take its place. With journals on
 * a disk nobody can: the kernel keeps the locks of a process that stands still. A second program on the
 * same data folder is refused, one that overlooks the folder's lock is refused by the journal's, and one
 * whose main process is new is refused the slot that a forgotten game process holds. The first goes on
 * as if nothing had been.
 *
 * The control has no locks: the second is let in, the first goes on, and the room has two logs.
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
import type { Site } from '../../support/clients/site-visitor.ts';
import { comeBack, faultsIn, logFromServer, newTeam, type Team } from '../../support/clients/team.ts';

const TEST_MS = 120_000;
const PLAYERS = 2;
const MOVES = 10;
/** The program ended before it served: with which code, and why. */
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

/** What a second program says that is started beside the first. */
async function refusalOf(
  ...options: Parameters<typeof faultServer>
): Promise<readonly [code: number, why: string]> {
  const starting = beginServer(faultServer(...options));
  undo.push(() => starting.kill());
  const said = await starting.ready.then(
    () => 'it serves',
    (error: Error) => error.message,
  );
  const [, code = '-1', why = said] = ENDED.exec(said) ?? [];
  return [Number(code), why];
}

/** Everybody sends and sees the echoes of it. */
async function play(pages: readonly RoomClient[]): Promise<void> {
  for (const page of pages) {
    for (let move = 0; move < MOVES; move++)
      page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(40)));
  }
  await Promise.all(pages.map((page) => page.echoed()));
}

/** What is wrong with the room, as somebody gets it who comes anew. */
async function wrongIn(site: Site, team: Team): Promise<readonly string[]> {
  const log = await logFromServer(site, team);
  await Promise.all(team.pages.map((page) => page.has(log.length)));
  const moves = log.filter(({ kind }) => kind === RecordKind.move).length;
  return [...faultsIn(log, team), `${moves} moves`];
}

interface Refused {
  readonly byFolder: readonly [number, string];
  readonly byJournal: readonly [number, string];
  /** Of all pages together, from before the stop to the end. */
  readonly connected: readonly boolean[];
  readonly wrong: readonly string[];
}

/** A whole program stands still; two others would serve its folder meanwhile. */
async function stopProgram(): Promise<Refused> {
  const dataDir = dataFolder();
  const server = own(await startServer(faultServer(dataDir)));
  const team = await newTeam(server, PLAYERS);
  await play(team.pages);
  process.kill(server.pid, 'SIGSTOP');
  // On their way while nobody reads them.
  for (const page of team.pages) page.send(RecordKind.move, new Uint8Array(40));
  const byFolder = await refusalOf(dataDir);
  const byJournal = await refusalOf(dataDir, { unguarded: 'folder-lock' });
  process.kill(server.pid, 'SIGCONT');
  await play(team.pages);
  const connected = team.pages.map((page) => page.connected);
  return { byFolder, byJournal, connected, wrong: await wrongIn(server, team) };
}

interface Forgotten {
  readonly bySlot: readonly [number, string];
  readonly wrong: readonly string[];
}

/** A game process stands still, its main process is killed, and the program is started again. */
async function forgetGameProcess(): Promise<Forgotten> {
  const dataDir = dataFolder();
  const first = own(await startWithProcesses(dataDir, 1));
  const team = await newTeam(first, PLAYERS);
  await play(team.pages);
  const { h1 = 0 } = gameProcesses(first.pid);
  process.kill(h1, 'SIGSTOP');
  let forgotten = true;
  undo.push(() => forgotten && process.kill(h1, 'SIGKILL'));
  await first.kill();
  const bySlot = await refusalOf(dataDir, { flags: ['--game-processes', '1'] });
  // It goes on, sees that its main process is gone, and stops in order.
  process.kill(h1, 'SIGCONT');
  await allGone([h1]);
  forgotten = false;
  const second = own(await startServer(faultServer(dataDir)));
  await comeBack(second, team);
  await play(team.pages);
  return { bySlot, wrong: await wrongIn(second, team) };
}

interface Fork {
  /** What each of two pages of one room has at the place where the first of them stood. */
  readonly next: readonly (string | undefined)[];
}

/** Without locks: one page stays with the program that stands still, the other goes to the second one. */
async function takeOver(): Promise<Fork> {
  const dataDir = dataFolder();
  const first = own(await startServer(faultServer(dataDir)));
  const team = await newTeam(first, PLAYERS);
  const [ada, ben] = team.pages as readonly [RoomClient, RoomClient];
  await play(team.pages);
  await ben.has(ada.records.length);
  const stood = ada.records.length;
  process.kill(first.pid, 'SIGSTOP');
  const second = own(await startServer(faultServer(dataDir, { unguarded: 'locks' })));
  const heir = ben.sibling();
  await heir.comeBack(second, team.room);
  await play([heir]);
  process.kill(first.pid, 'SIGCONT');
  await play([ada]);
  const body = (page: RoomClient) => page.records[stood]?.body.toHex();
  return { next: [body(ada), body(heir)] };
}

interface Cases {
  readonly stopped: Promise<Refused>;
  readonly forgotten: Promise<Forgotten>;
  readonly fork: Promise<Fork>;
}
let cases: Cases;

beforeAll(() => {
  cases = { stopped: stopProgram(), forgotten: forgetGameProcess(), fork: takeOver() };
  // Each is awaited by its test; until then a failure is nobody's.
  for (const one of [cases.stopped, cases.forgotten, cases.fork]) one.catch(() => {});
});
afterAll(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, TEST_MS);

test(
  'a program that stands still keeps its folder and its journal, and goes on: nobody was let in, and nothing is lost',
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
  'a game process that stands still without its main process keeps its slot; when it goes on it lets go, and nothing is lost',
  async () => {
    const { bySlot, wrong } = await cases.forgotten;
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
  'control: without the locks the second is let in, the first goes on, and one room has two logs',
  async () => {
    const [ofFirst, ofSecond] = (await cases.fork).next;
    expect(ofFirst).toBeString();
    expect(ofSecond).toBeString();
    expect(ofFirst).not.toBe(ofSecond);
  },
  TEST_MS,
);
