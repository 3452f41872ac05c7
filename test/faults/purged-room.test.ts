/**
 * A room that was archived and purged from the live log, in a program that was stopped, restarted and
 * killed: for its players it is unchanged.
 *
 * The controls archive the entries alone, without the state of clients or without where epochs began.
 */
import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { lockFile } from '../../src/lib/lock.real.ts';
import { realWorld } from '../../src/lib/world.real.ts';
import { createRealDisk } from '../../src/ports/room-log/journal/disk.real.ts';
import { openJournal } from '../../src/ports/room-log/room-log.journal.ts';
import { type ServerProcess, startServer } from '../e2e/support/server.ts';
import { temporaryFolder } from '../support/processes/command-line.ts';
import { faultServer } from '../support/fault-test.ts';
import { type Draft, enterRoom, freeLink, lines, RoomClient } from '../support/clients/room-client.ts';
import { type Site, type Visitor, siteVisitor } from '../support/clients/visitor.ts';

const TEST_MS = 60_000;
const GAME = 'dormouse-hour';
const NAMES = ['Ada', 'Ben', 'Cara'] as const;
/** The burst limit of a page; the messages are long enough to need several chunks. */
const MOVES = 50;
const MOVE_BYTES = 800;
const KINDS = [RecordKind.move, RecordKind.move, RecordKind.chat, RecordKind.move, RecordKind.note];

const site: Site = { port: 0 };
let folder: { readonly path: string; remove(): void };
let server: ServerProcess;
let visitors: readonly Visitor[];
let room: string;
const undo: (() => unknown)[] = [];

beforeAll(() => begin(), TEST_MS);
afterAll(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, TEST_MS);

/** Starts the program with an empty folder and opens a room with three players. */
async function begin(removedGuard: string | null = null): Promise<void> {
  const own = (folder = temporaryFolder('purged'));
  undo.push(() => own.remove());
  await start(removedGuard);
  visitors = NAMES.map(() => siteVisitor(site));
  const link = await freeLink(visitors[0] as Visitor, GAME);
  for (const [index, name] of NAMES.entries()) {
    room = await enterRoom(visitors[index] as Visitor, link, name);
  }
}

async function start(removedGuard: string | null = null): Promise<void> {
  const own = (server = await startServer(faultServer(folder.path, { removedGuard })));
  undo.push(() => own.kill());
  site.port = server.port;
}

function enter(page: RoomClient, seat: number): Promise<void> {
  return page.enter(site, visitors[seat] as Visitor, room);
}

/** All pages send; resolves when all have received everything. */
async function play(pages: readonly RoomClient[], moves: number): Promise<void> {
  for (let index = 0; index < moves; index++) {
    for (const page of pages) {
      // Random bytes do not compress, so that the sizes are certain.
      const body = crypto.getRandomValues(new Uint8Array(MOVE_BYTES));
      page.send(KINDS[index % KINDS.length] as RecordKind, body);
    }
  }
  await Promise.all(pages.map((page) => page.echoed()));
  const head = Math.max(...pages.map((page) => page.records.length));
  await Promise.all(pages.map((page) => page.has(head)));
}

/** Expects that the archive has the room up to `head`, and the journal nothing of it. */
async function expectPurged(head: number): Promise<void> {
  const database = new Database(join(folder.path, 'main.sqlite'), { readonly: true });
  const { archived_upto } = database.query('select archived_upto from rooms where id = ?').get(room) as {
    archived_upto: number;
  };
  const chunks = database.query('select first_seq from chunks where room = ?').all(room);
  database.close();
  expect(archived_upto).toBe(head);
  expect(chunks.length).toBeGreaterThan(1);
  const opened = await openJournal({
    disk: createRealDisk(),
    directory: journalFolder(),
    world: realWorld,
    lock: lockFile,
    fatal(error) {
      throw error;
    },
  });
  if (!opened.ok) throw new Error(opened.message);
  expect(await opened.journal.liveRooms()).toEqual([]);
  expect(await opened.journal.read(room, 0, 1)).toEqual([]);
  await opened.journal.close();
}

function journalFolder(): string {
  return join(folder.path, 'journal', 'h1');
}

/** The messages of a page, as it would resend them. */
function draftsOf(page: RoomClient): readonly Draft[] {
  const { client } = page.records.find(
    ({ kind, body }) => kind === RecordKind.client && Buffer.from(body).equals(page.id),
  ) ?? { client: 0 };
  return page.records.filter((record) => record.client === client && record.clientSeq > 0);
}

interface Outcome {
  /** Has everything. */
  readonly ada: RoomClient;
  /** Disconnected in the middle of the play. */
  readonly ben: RoomClient;
  /** Everything that was seen before the program ended. */
  readonly seen: readonly string[];
}

/** Ada and Ben reconnect with their positions, and a new client joins: returns what is not as it was. */
async function differencesAfterReconnect(
  { ada, ben, seen }: Outcome,
  fresh: RoomClient,
): Promise<readonly string[]> {
  const last = draftsOf(ada).at(-1)?.clientSeq;
  const had = ben.records.length;
  await Promise.all([enter(ada, 0), enter(ben, 1)]);
  await enter(fresh, 2);
  const [known] = ada.welcome.clients;
  const checks: readonly (readonly [string, boolean])[] = [
    ['Ada was reset', ada.welcome.resumed === 1],
    [`Ada's messages are known up to ${known?.lastSeq} of ${last}`, known?.lastSeq === last],
    ['Ada was sent everything', (ada.firstSeq ?? 0) > 1],
    ['Ben was reset', ben.welcome.resumed === 1],
    // A chunk is sent as it is stored, so some entries that he has may be sent again, but not all.
    ['Ben was sent everything', (ben.firstSeq ?? 0) > 1],
    ['Ben was sent too little', (ben.firstSeq ?? 0) <= had + 1],
    ['the new client was not reset', fresh.welcome.resumed === 0],
    ['the new client got another log', Bun.deepEquals(lines(fresh.records).slice(0, seen.length), [...seen])],
  ];
  return checks.flatMap(([what, good]) => (good ? [] : [what]));
}

/** All find the same room, and resent messages are not stored again. */
async function expectWhole(outcome: Outcome): Promise<void> {
  const { ada, ben, seen } = outcome;
  const sent = draftsOf(ada);
  const [first, middle, last] = [sent[0], sent[sent.length >> 1], sent.at(-1)] as Draft[];
  const fresh = new RoomClient();
  expect(await differencesAfterReconnect(outcome, fresh)).toEqual([]);

  for (const draft of [first, middle, last]) ada.repeat(draft as Draft);
  await ada.roundTrip();
  const next = ada.send(RecordKind.move, new TextEncoder().encode('{"after":"the repeats"}'));
  await ada.echoed();
  expect(ada.records.at(-1)).toMatchObject({ clientSeq: next.clientSeq, body: next.body });

  // As if the page had been closed before any echo: another one takes over its messages.
  await ada.close();
  const successor = new RoomClient({ id: ada.id, outbox: [...sent, next] });
  await enter(successor, 0);
  expect(successor.outbox).toEqual([]);
  for (const draft of sent.slice(0, 30)) successor.repeat(draft);
  await successor.roundTrip();

  await play([successor, ben, fresh], 2);
  for (const page of [ben, fresh]) expect(lines(page.records)).toEqual([...lines(successor.records)]);
  // Each message is there once, where it was first seen.
  expect(lines(successor.records).slice(0, seen.length)).toEqual([...seen]);
  const ids = successor.records
    .filter(({ clientSeq }) => clientSeq > 0)
    .map((r) => `${r.client}/${r.clientSeq}`);
  expect(new Set(ids).size).toBe(ids.length);
  for (const page of [successor, ben, fresh]) await page.close();
}

/** Some moves, then Ben disconnects, then more moves. */
async function playSession(): Promise<Outcome> {
  const [ada, ben, cara] = [new RoomClient(), new RoomClient(), new RoomClient()];
  await Promise.all([ada, ben, cara].map((page, seat) => enter(page, seat)));
  await play([ada, ben, cara], MOVES / 2 + 10);
  await ben.close();
  await play([ada, cara], MOVES / 2);
  const seen = lines(cara.records);
  expect(lines(ada.records)).toEqual([...seen]);
  await Promise.all([ada.close(), cara.close()]);
  return { ada, ben, seen };
}

test(
  'a room purged from the live log is loaded from the archive alone',
  async () => {
    const outcome = await playSession();
    expect(await server.stop()).toBe(0);
    await expectPurged(outcome.seen.length);
    // Its last segments are removed some minutes later; the test removes them now.
    await rm(journalFolder(), { recursive: true });
    await start();
    await expectWhole(outcome);
  },
  TEST_MS,
);

test(
  'a room half in the archive and half in the live log is loaded after kill -9',
  async () => {
    const outcome = await playSession();
    await server.kill();
    await start();
    await expectWhole(outcome);
  },
  TEST_MS,
);

test(
  'a purged room is loaded while its segments of the live log still exist',
  async () => {
    const outcome = await playSession();
    expect(await server.stop()).toBe(0);
    await expectPurged(outcome.seen.length);
    await start();
    await expectWhole(outcome);
  },
  TEST_MS,
);

/** What is not as it was after recovery from the archive alone, made by a program without this guard. */
async function archivedWithout(guard: string): Promise<readonly string[]> {
  await begin(guard);
  const outcome = await playSession();
  expect(await server.stop()).toBe(0);
  await expectPurged(outcome.seen.length);
  await rm(journalFolder(), { recursive: true });
  await start();
  return differencesAfterReconnect(outcome, new RoomClient());
}

test(
  'control: an archive without the state of clients loses their last client seqs',
  async () => {
    expect(await archivedWithout('clients')).toEqual([
      expect.stringMatching(/^Ada's messages are known up to 0 of \d+$/),
    ]);
  },
  TEST_MS,
);

test(
  'control: an archive without epochs resets all pages',
  async () => {
    expect(await archivedWithout('epochs')).toEqual([
      'Ada was reset',
      'Ada was sent everything',
      'Ben was reset',
      'Ben was sent everything',
    ]);
  },
  TEST_MS,
);
