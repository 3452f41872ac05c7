/**
 * The disk fills up while teams play: players see "hold", nothing that was shown is lost, and when
 * there is room again play goes on. The main database lies on the same disk and has to wait, too.
 *
 * The control overlooks the full disk: nobody is told to hold, and what was shown is gone.
 */
import { Database } from 'bun:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { type ServerProcess, startServer } from '../e2e/support/server.ts';
import { escapement } from '../support/processes/command-line.ts';
import { faultServer, whereItCan } from '../support/fault-test.ts';
import { enterRoom, freeLink, lines, RoomClient } from '../support/clients/room-client.ts';
import { leadsTo, type Site, type SiteVisitor, siteVisitor } from '../support/clients/site-visitor.ts';
import { noSmallDisk, type SmallDisk, smallDisk } from '../support/disks/small-disk.ts';

const TEST_MS = 60_000;
const GAME = 'dormouse-hour';
const DISK_MB = 56;
/** What these may send at once is more than the journal has taken of the disk ahead. */
const ROOMS = 6;
const SEATS = 4;
const MOVES_BEFORE = 10;
const MOVES_ACROSS = 48;
const MOVE_BYTES = 4_000;

interface Player {
  readonly room: string;
  readonly visitor: SiteVisitor;
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

async function start(unguarded: string | null = null): Promise<void> {
  server = await startServer(faultServer(dataDir, { unguarded }));
  site.port = server.port;
}

/** Six teams at play. */
async function begin(unguarded: string | null = null): Promise<void> {
  await start(unguarded);
  players = (await Promise.all(Array.from({ length: ROOMS }, team))).flat();
  pages = players.map(({ page }) => page);
  send(MOVES_BEFORE);
  await echoed();
}

async function team(): Promise<readonly Player[]> {
  const visitors = Array.from({ length: SEATS }, () => siteVisitor(site));
  const link = await freeLink(visitors[0] as SiteVisitor, GAME);
  return Promise.all(
    visitors.map(async (visitor) => {
      const page = new RoomClient();
      const room = await enterRoom(visitor, link, 'Somebody');
      await page.enter(site, visitor, room);
      return { room, visitor, page };
    }),
  );
}

/** Every page at once; bytes that do not compress, so that archive and log take the same. */
function send(moves: number): void {
  for (let move = 0; move < moves; move++) {
    for (const page of pages) page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(MOVE_BYTES)));
  }
  sent += moves;
}

async function echoed(): Promise<void> {
  await Promise.all(pages.map((page) => page.echoed()));
}

/** Plays on while the disk fills up; resolves when every page was told to hold. */
async function playIntoFullDisk(): Promise<void> {
  disk.fill();
  send(MOVES_ACROSS);
  await Promise.all(pages.map((page) => page.until('hold', () => page.held)));
  expect(pages.some((page) => page.outbox.length > 0)).toBe(true);
}

/** What is not well, by the name of the part. */
async function faults(): Promise<{ readonly [part: string]: string }> {
  const answer = await fetch(`http://127.0.0.1:${site.port}/ready`);
  const told = ((await answer.json()) as { faults: { [part: string]: string } }).faults;
  expect(answer.status).toBe(Object.keys(told).length === 0 ? 200 : 503);
  return told;
}

async function reconnect(): Promise<void> {
  for (const { page, visitor, room } of players) {
    await page.leave();
    await page.enter(site, visitor, room);
  }
}

/**
 * A newcomer to each room gets what the others have; it begins with what they had seen, and has each
 * message that was sent exactly once. Answers what is wrong. `seen`: room → its lines at some moment
 * before.
 */
async function wrongWithRooms(seen: ReadonlyMap<string, readonly string[]>): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { page, visitor, room } of players) {
    const before = seen.get(room) ?? [];
    const newcomer = new RoomClient();
    await newcomer.enter(site, visitor, room);
    await page.has(newcomer.records.length);
    const now = lines(newcomer.records);
    const lost = before.length - now.length;
    if (lost > 0) wrong.push(`${lost} entries that were seen are gone`);
    if (!Bun.deepEquals(now.slice(0, before.length), before.slice(0, now.length)))
      wrong.push('entries that were seen are others now');
    if (!Bun.deepEquals(lines(page.records), now)) wrong.push('a newcomer gets another log');
    await newcomer.leave();
    const ids = page.records
      .filter(({ clientSeq }) => clientSeq > 0)
      .map((r) => `${r.client}/${r.clientSeq}`);
    if (new Set(ids).size < ids.length) wrong.push('a message is there twice');
    const wanted = sent * SEATS + (page.records.some(isFinish) ? 1 : 0);
    if (ids.length !== wanted) wrong.push(`${ids.length} messages of ${wanted}`);
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

whereItCan('a disk that fills up', noSmallDisk(), () => describe('a disk that fills up', onSmallDisk));

function onSmallDisk(): void {
  beforeEach(() => {
    const mounted = smallDisk(DISK_MB);
    if (!mounted) throw new Error('a tmpfs could be mounted a moment ago');
    disk = mounted;
    dataDir = join(disk.path, 'data');
    sent = 0;
  });
  afterEach(async () => {
    await Promise.all(pages.map((page) => page.leave()));
    await server.kill();
    disk.remove();
  }, TEST_MS);

  test(
    'holds the play, and only that: nothing shown is lost, and play goes on when there is room',
    async () => {
      await begin();
      const [first] = players as readonly [Player];
      // A room that ends is archived at once: now the main database meets the full disk, too.
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
      // Who comes back meanwhile is let in and told.
      await first.page.leave();
      await first.page.enter(site, first.visitor, first.room);
      expect(first.page.held).toBe(true);
      expect(seenByAll()).toEqual(seen);

      disk.empty();
      await echoed();
      expect(pages.map((page) => page.held)).not.toContain(true);
      expect(await faults()).not.toHaveProperty('game');
      send(2);
      await echoed();
      expect(await leadsTo(siteVisitor(site).post(`/games/${GAME}/free`))).toContain('/join/');
      expect(await wrongWithRooms(seen)).toEqual([]);

      // What the archiver could not do then is done now.
      expect(await server.stop()).toBe(0);
      const archived = new Map(rows('select id, archived_upto from rooms').map((row) => [row['id'], row]));
      for (const { page, room } of players)
        expect(archived.get(room)).toMatchObject({ archived_upto: page.records.length });
      expect(rows(`select key from jobs where kind = 'stats'`)).toEqual([{ key: first.room }]);
      await start();
      await reconnect();
      send(1);
      await echoed();
      expect(await wrongWithRooms(seen)).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'while it is full the program can be stopped in order, and everything shown is there again',
    async () => {
      await begin();
      await playIntoFullDisk();
      const seen = seenByAll();
      expect(await server.stop()).toBe(0);
      disk.empty();
      await start();
      await reconnect();
      await echoed();
      expect(await wrongWithRooms(seen)).toEqual([]);
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
      disk.empty();
      await start();
      await reconnect();
      await echoed();
      expect(await wrongWithRooms(seen)).toEqual([]);
    },
    TEST_MS,
  );
  test(
    'control: a journal that overlooks it lets everybody play on, and loses what they saw',
    async () => {
      await begin('errors');
      disk.fill();
      send(MOVES_ACROSS);
      await echoed();
      expect(pages.map(({ holds }) => holds)).not.toContain(1);
      const seen = seenByAll();
      await server.kill();
      disk.empty();
      await start();
      await reconnect();
      const wrong = await wrongWithRooms(seen);
      expect(wrong.filter((what) => /^\d+ entries that were seen are gone$/.test(what))).not.toEqual([]);
    },
    TEST_MS,
  );
}
