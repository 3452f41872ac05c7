/**
 * A room that was swept into the archive and purged from the live log, in a program that was
 * stopped, started again and killed: to its players it is the room they left.
 *
 * The controls archive the entries alone, without how far each page is or where epochs began.
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
import { type Site, type SiteVisitor, siteVisitor } from '../support/clients/site-visitor.ts';

const TEST_MS = 60_000;
const GAME = 'dormouse-hour';
const NAMES = ['Ada', 'Ben', 'Cara'] as const;
/** As many as a page may send at once, and so long that the archive needs several chunks for them. */
const MOVES = 50;
const MOVE_BYTES = 800;
const KINDS = [RecordKind.move, RecordKind.move, RecordKind.chat, RecordKind.move, RecordKind.note];

const site: Site = { port: 0 };
let folder: { readonly path: string; remove(): void };
let server: ServerProcess;
let visitors: readonly SiteVisitor[];
let room: string;
const undo: (() => unknown)[] = [];

beforeAll(() => begin(), TEST_MS);
afterAll(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, TEST_MS);

/** A program with an empty folder, a new room, and three who have a seat in it. */
async function begin(unguarded: string | null = null): Promise<void> {
  const own = (folder = temporaryFolder('purged'));
  undo.push(() => own.remove());
  await start(unguarded);
  visitors = NAMES.map(() => siteVisitor(site));
  const link = await freeLink(visitors[0] as SiteVisitor, GAME);
  for (const [index, name] of NAMES.entries()) {
    room = await enterRoom(visitors[index] as SiteVisitor, link, name);
  }
}

async function start(unguarded: string | null = null): Promise<void> {
  const own = (server = await startServer(faultServer(folder.path, { unguarded })));
  undo.push(() => own.kill());
  site.port = server.port;
}

function enter(page: RoomClient, seat: number): Promise<void> {
  return page.enter(site, visitors[seat] as SiteVisitor, room);
}

/** Everybody sends at once; resolves when everybody has everything. */
async function play(pages: readonly RoomClient[], moves: number): Promise<void> {
  for (let index = 0; index < moves; index++) {
    for (const page of pages) {
      // Bytes that do not compress, so that none of the sizes is an accident.
      const body = crypto.getRandomValues(new Uint8Array(MOVE_BYTES));
      page.send(KINDS[index % KINDS.length] as RecordKind, body);
    }
  }
  await Promise.all(pages.map((page) => page.echoed()));
  const head = Math.max(...pages.map((page) => page.records.length));
  await Promise.all(pages.map((page) => page.has(head)));
}

/** The archive has the room up to `head`, and the journal nothing of it. */
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

/** What Ada sent, as her page would send it again had it missed the echoes. */
function draftsOf(page: RoomClient): readonly Draft[] {
  const { client } = page.records.find(
    ({ kind, body }) => kind === RecordKind.client && Buffer.from(body).equals(page.id),
  ) ?? { client: 0 };
  return page.records.filter((record) => record.client === client && record.clientSeq > 0);
}

interface Left {
  /** Has everything. */
  readonly ada: RoomClient;
  /** Left in the middle of the play. */
  readonly ben: RoomClient;
  /** Everything that was seen before the program ended. */
  readonly seen: readonly string[];
}

/** Everybody comes back, as far as each got, and so does somebody who has nothing: what is not as it was. */
async function comeBack({ ada, ben, seen }: Left, fresh: RoomClient): Promise<readonly string[]> {
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
    // A chunk is sent as it is stored, so a few entries that he has may come again, but not all.
    ['Ben was sent everything', (ben.firstSeq ?? 0) > 1],
    ['Ben was sent too little', (ben.firstSeq ?? 0) <= had + 1],
    ['who had nothing was not reset', fresh.welcome.resumed === 0],
    [
      'who had nothing got another log',
      Bun.deepEquals(lines(fresh.records).slice(0, seen.length), [...seen]),
    ],
  ];
  return checks.flatMap(([what, good]) => (good ? [] : [what]));
}

/** Everybody finds the same room, and nothing that is sent again is taken again. */
async function expectWhole(left: Left): Promise<void> {
  const { ada, ben, seen } = left;
  const sent = draftsOf(ada);
  const [first, middle, last] = [sent[0], sent[sent.length >> 1], sent.at(-1)] as Draft[];
  const fresh = new RoomClient();
  expect(await comeBack(left, fresh)).toEqual([]);

  for (const draft of [first, middle, last]) ada.repeat(draft as Draft);
  await ada.heard();
  const next = ada.send(RecordKind.move, new TextEncoder().encode('{"after":"the repeats"}'));
  await ada.echoed();
  expect(ada.records.at(-1)).toMatchObject({ clientSeq: next.clientSeq, body: next.body });

  // The page was closed before any echo came; another one takes its messages over.
  await ada.leave();
  const heir = new RoomClient(ada.id, [...sent, next]);
  await enter(heir, 0);
  expect(heir.outbox).toEqual([]);
  for (const draft of sent.slice(0, 30)) heir.repeat(draft);
  await heir.heard();

  await play([heir, ben, fresh], 2);
  for (const page of [ben, fresh]) expect(lines(page.records)).toEqual([...lines(heir.records)]);
  // Nothing but what was sent: each message once, where it was first seen.
  expect(lines(heir.records).slice(0, seen.length)).toEqual([...seen]);
  const ids = heir.records.filter(({ clientSeq }) => clientSeq > 0).map((r) => `${r.client}/${r.clientSeq}`);
  expect(new Set(ids).size).toBe(ids.length);
  for (const page of [heir, ben, fresh]) await page.leave();
}

/** A few moves, then Ben leaves, then many more. */
async function evening(): Promise<Left> {
  const [ada, ben, cara] = [new RoomClient(), new RoomClient(), new RoomClient()];
  await Promise.all([ada, ben, cara].map((page, seat) => enter(page, seat)));
  await play([ada, ben, cara], MOVES / 2 + 10);
  await ben.leave();
  await play([ada, cara], MOVES / 2);
  const seen = lines(cara.records);
  expect(lines(ada.records)).toEqual([...seen]);
  await Promise.all([ada.leave(), cara.leave()]);
  return { ada, ben, seen };
}

test(
  'a room purged from the live log comes back from the archive alone',
  async () => {
    const left = await evening();
    expect(await server.stop()).toBe(0);
    await expectPurged(left.seen.length);
    // What is left of its segments goes some minutes later; here it goes now.
    await rm(journalFolder(), { recursive: true });
    await start();
    await expectWhole(left);
  },
  TEST_MS,
);

test(
  'a room half in the archive and half in the live log comes back after kill -9',
  async () => {
    const left = await evening();
    await server.kill();
    await start();
    await expectWhole(left);
  },
  TEST_MS,
);

test(
  'a room purged and stopped again comes back beside what the live log remembers of it',
  async () => {
    const left = await evening();
    expect(await server.stop()).toBe(0);
    await expectPurged(left.seen.length);
    await start();
    await expectWhole(left);
  },
  TEST_MS,
);

/** What is not as it was when the archive alone is left, made by a program without this guard. */
async function archivedWithout(guard: string): Promise<readonly string[]> {
  await begin(guard);
  const left = await evening();
  expect(await server.stop()).toBe(0);
  await expectPurged(left.seen.length);
  await rm(journalFolder(), { recursive: true });
  await start();
  return comeBack(left, new RoomClient());
}

test(
  'control: an archive that does not keep how far each page is knows none of their messages',
  async () => {
    expect(await archivedWithout('clients')).toEqual([
      expect.stringMatching(/^Ada's messages are known up to 0 of \d+$/),
    ]);
  },
  TEST_MS,
);

test(
  'control: an archive that does not keep where epochs began sends everybody everything again',
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
