/**
 * The disk fills up while teams play: players see "hold", nothing shown is lost, and play goes on when
 * there is space again. The main database is on the same disk and has to wait, too.
 *
 * The control ignores the full disk: nobody gets "hold", and what was shown is lost.
 */
import { Database } from 'bun:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { type ServerProcess, startServer } from '../e2e/support/server.ts';
import { escapement } from '../support/processes/command-line.ts';
import { faultServer, testsRequiring } from '../support/fault-test.ts';
import { enterRoom, freeLink, lines, RoomClient } from '../support/clients/room-client.ts';
import { redirectTarget, type Site, type Visitor, siteVisitor } from '../support/clients/visitor.ts';
import { smallDiskProblem, type SmallDisk, smallDisk } from '../support/disks/small-disk.ts';

const TEST_MS = 60_000;
const GAME = 'dormouse-hour';
const DISK_MB = 56;
/** Together they may send more at once than the journal has preallocated. */
const ROOMS = 6;
const SEATS = 4;
const MOVES_BEFORE = 10;
const MOVES_ACROSS = 48;
const MOVE_BYTES = 4_000;

interface Player {
  readonly room: string;
  readonly visitor: Visitor;
  readonly page: RoomClient;
}

const site: Site = { port: 0 };
let disk: SmallDisk;
let dataDir: string;
let server: ServerProcess;
let players: readonly Player[];
let pages: readonly RoomClient[];
/** Messages that each page has sent. */
let sent: number;

async function start(removedGuard: string | null = null): Promise<void> {
  server = await startServer(faultServer(dataDir, { removedGuard }));
  site.port = server.port;
}

/** Starts the program and lets six teams play. */
async function begin(removedGuard: string | null = null): Promise<void> {
  await start(removedGuard);
  players = (await Promise.all(Array.from({ length: ROOMS }, team))).flat();
  pages = players.map(({ page }) => page);
  send(MOVES_BEFORE);
  await echoed();
}

async function team(): Promise<readonly Player[]> {
  const visitors = Array.from({ length: SEATS }, () => siteVisitor(site));
  const link = await freeLink(visitors[0] as Visitor, GAME);
  return Promise.all(
    visitors.map(async (visitor) => {
      const page = new RoomClient();
      const room = await enterRoom(visitor, link, 'Somebody');
      await page.enter(site, visitor, room);
      return { room, visitor, page };
    }),
  );
}

/** Sends from every page; random bytes do not compress, so that archive and log take the same space. */
function send(moves: number): void {
  for (let move = 0; move < moves; move++) {
    for (const page of pages) page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(MOVE_BYTES)));
  }
  sent += moves;
}

async function echoed(): Promise<void> {
  await Promise.all(pages.map((page) => page.echoed()));
}

/** Plays while the disk is full; resolves when every page got "hold". */
async function playIntoFullDisk(): Promise<void> {
  disk.fill();
  send(MOVES_ACROSS);
  await Promise.all(pages.map((page) => page.until('hold', () => page.isHeld)));
  expect(pages.some((page) => page.outbox.length > 0)).toBe(true);
}

/** Name of a part → its fault, from `/ready`. */
async function faults(): Promise<{ readonly [part: string]: string }> {
  const answer = await fetch(`http://127.0.0.1:${site.port}/ready`);
  const reported = ((await answer.json()) as { faults: { [part: string]: string } }).faults;
  expect(answer.status).toBe(Object.keys(reported).length === 0 ? 200 : 503);
  return reported;
}

async function reconnect(): Promise<void> {
  for (const { page, visitor, room } of players) {
    await page.close();
    await page.enter(site, visitor, room);
  }
}

/**
 * A new client in each room must get the log that the others have: it begins with what they had seen, and
 * has each sent message exactly once. Returns what is wrong. `seen`: room → its lines at an earlier moment.
 */
async function problemsInRooms(seen: ReadonlyMap<string, readonly string[]>): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { page, visitor, room } of players) {
    const before = seen.get(room) ?? [];
    const newClient = new RoomClient();
    await newClient.enter(site, visitor, room);
    await page.has(newClient.records.length);
    const now = lines(newClient.records);
    const lost = before.length - now.length;
    if (lost > 0) wrong.push(`${lost} entries that were seen are missing`);
    if (!Bun.deepEquals(now.slice(0, before.length), before.slice(0, now.length)))
      wrong.push('entries that were seen are others now');
    if (!Bun.deepEquals(lines(page.records), now)) wrong.push('a new client gets another log');
    await newClient.close();
    const ids = page.records
      .filter(({ clientSeq }) => clientSeq > 0)
      .map((r) => `${r.client}/${r.clientSeq}`);
    if (new Set(ids).size < ids.length) wrong.push('a message is there twice');
    const expected = sent * SEATS + (page.records.some(isFinish) ? 1 : 0);
    if (ids.length !== expected) wrong.push(`${ids.length} messages of ${expected}`);
  }
  return wrong;
}

function isFinish({ kind }: { readonly kind: number }): boolean {
  return kind === RecordKind.finish;
}

function seenByAll(): ReadonlyMap<string, readonly string[]> {
  const longest = new Map<string, readonly string[]>();
  for (const { page, room } of players) {
    if (page.records.length > (longest.get(room)?.length ?? 0)) longest.set(room, lines(page.records));
  }
  return longest;
}

function rows(query: string): readonly { readonly [column: string]: unknown }[] {
  const database = new Database(join(dataDir, 'main.sqlite'), { readonly: true });
  const found = database.query(query).all() as { [column: string]: unknown }[];
  database.close();
  return found;
}

testsRequiring('a disk that fills up', smallDiskProblem(), () =>
  describe('a disk that fills up', onSmallDisk),
);

function onSmallDisk(): void {
  beforeEach(() => {
    const mounted = smallDisk(DISK_MB);
    if (!mounted) throw new Error('a tmpfs can no longer be mounted');
    disk = mounted;
    dataDir = join(disk.path, 'data');
    sent = 0;
  });
  afterEach(async () => {
    await Promise.all(pages.map((page) => page.close()));
    await server.kill();
    disk.remove();
  }, TEST_MS);

  test(
    'holds the rooms and nothing else: nothing shown is lost, and play goes on when there is space',
    async () => {
      await begin();
      const [first] = players as readonly [Player];
      // A finished room is archived at once: now the main database meets the full disk, too.
      disk.fill();
      first.page.send(RecordKind.finish, new Uint8Array(0));
      await first.page.echoed();
      while (!/"sweep-failed".*SQLITE_FULL/.test(server.output())) await faults();
      await playIntoFullDisk();
      const seen = seenByAll();

      expect(await faults()).toHaveProperty('game');
      expect((await siteVisitor(site).get('/health')).status).toBe(200);
      expect((await siteVisitor(site).get('/')).status).toBe(200);
      expect((await siteVisitor(site).post(`/games/${GAME}/free`)).status).toBe(503);
      // A page that reconnects meanwhile is admitted and gets "hold".
      await first.page.close();
      await first.page.enter(site, first.visitor, first.room);
      expect(first.page.isHeld).toBe(true);
      expect(seenByAll()).toEqual(seen);

      disk.free();
      await echoed();
      expect(pages.map((page) => page.isHeld)).not.toContain(true);
      expect(await faults()).not.toHaveProperty('game');
      send(2);
      await echoed();
      expect(await redirectTarget(siteVisitor(site).post(`/games/${GAME}/free`))).toContain('/join/');
      expect(await problemsInRooms(seen)).toEqual([]);

      // The archiver has caught up.
      expect(await server.stop()).toBe(0);
      const archived = new Map(rows('select id, archived_upto from rooms').map((row) => [row['id'], row]));
      for (const { page, room } of players)
        expect(archived.get(room)).toMatchObject({ archived_upto: page.records.length });
      expect(rows(`select key from jobs where kind = 'stats'`)).toEqual([{ key: first.room }]);
      await start();
      await reconnect();
      send(1);
      await echoed();
      expect(await problemsInRooms(seen)).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'while it is full the program can be stopped gracefully, and everything shown is there again',
    async () => {
      await begin();
      await playIntoFullDisk();
      const seen = seenByAll();
      expect(await server.stop()).toBe(0);
      disk.free();
      await start();
      await reconnect();
      await echoed();
      expect(await problemsInRooms(seen)).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'while it is full a killed program says why it does not start, and damages nothing',
    async () => {
      await begin();
      await playIntoFullDisk();
      const seen = seenByAll();
      await server.kill();
      const refused = await escapement(['start', '--port', '0', '--data-dir', dataDir]);
      expect(refused).toMatchObject({ code: 1, out: '' });
      expect(refused.err.trimEnd()).toMatch(/^[^\n]+ free [^\n]+\[[a-z-]+\]$/);
      disk.free();
      await start();
      await reconnect();
      await echoed();
      expect(await problemsInRooms(seen)).toEqual([]);
    },
    TEST_MS,
  );
  test(
    'control: with a journal that ignores it no page gets hold, and what was shown is lost',
    async () => {
      await begin('errors');
      disk.fill();
      send(MOVES_ACROSS);
      await echoed();
      expect(pages.map(({ holds }) => holds)).not.toContain(1);
      const seen = seenByAll();
      await server.kill();
      disk.free();
      await start();
      await reconnect();
      const wrong = await problemsInRooms(seen);
      expect(wrong.filter((what) => /^\d+ entries that were seen are missing$/.test(what))).not.toEqual([]);
    },
    TEST_MS,
  );
}
