/**
 * Several game processes, the real ones: what happens to players when one of them dies, when all
 * are told to stop, when the main process dies, and when there are fewer of them at the next start.
 */
import { Database } from 'bun:sqlite';
import { afterEach, expect, test } from 'bun:test';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { lockFile } from '../../src/lib/lock.real.ts';
import type { ServerProcess } from '../e2e/support/server.ts';
import { escapement, temporaryFolder } from '../support/command-line.ts';
import { allGone, gameProcesses, startWithProcesses } from '../support/game-processes.ts';
import { enterRoom, freeLink, lines, RoomClient } from '../support/room-client.ts';
import { type Site, type SiteVisitor, siteVisitor } from '../support/site-visitor.ts';

const TEST_MS = 120_000;
const GAME = 'dormouse-hour';
const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function dataFolder(): string {
  const folder = temporaryFolder('processes');
  undo.push(() => folder.remove());
  return folder.path;
}

/** The program, ended with its game processes when the test is over. */
async function start(dataDir: string, count: number, ...flags: string[]): Promise<ServerProcess> {
  const server = await startWithProcesses(dataDir, count, flags);
  undo.push(async () => {
    const pids = Object.values(gameProcesses(server.pid));
    await server.kill();
    await allGone(pids);
  });
  return server;
}

interface Pair {
  readonly room: string;
  readonly visitors: readonly SiteVisitor[];
  readonly pages: readonly RoomClient[];
}

/** Two players in a new room. */
async function newPair(site: Site): Promise<Pair> {
  const visitors = [siteVisitor(site), siteVisitor(site)];
  const link = await freeLink(visitors[0] as SiteVisitor, GAME);
  let room = '';
  for (const visitor of visitors) room = await enterRoom(visitor, link, 'Somebody');
  const pair = { room, visitors, pages: visitors.map(() => new RoomClient()) };
  await joinBoth(site, pair);
  return pair;
}

/** Both ask where their room is, and go there. */
async function joinBoth(site: Site, { room, visitors, pages }: Pair): Promise<void> {
  for (const [index, page] of pages.entries()) await page.enter(site, visitors[index] as SiteVisitor, room);
}

const slotOf = (pair: Pair): string => /\/h\/(h\d+)\//.exec(pair.pages[0]?.address ?? '')?.[1] ?? '';
const portOf = (pair: Pair): string => new URL(pair.pages[0]?.address ?? '').port;

/** Both send, both see all of it. */
async function move(pair: Pair, count = 5): Promise<void> {
  for (let index = 0; index < count; index++) {
    for (const page of pair.pages) page.send(RecordKind.move, crypto.getRandomValues(new Uint8Array(60)));
  }
  await Promise.all(pair.pages.map((page) => page.echoed()));
  await evened(pair);
}

async function evened({ pages }: Pair): Promise<void> {
  const head = Math.max(...pages.map((page) => page.records.length));
  await Promise.all(pages.map((page) => page.has(head)));
}

/** Both pages have one log, were never reset, and a newcomer is told the same. */
async function expectWhole(pair: Pair): Promise<void> {
  const [ada, ben] = pair.pages as [RoomClient, RoomClient];
  expect(lines(ben.records)).toEqual(lines(ada.records));
  expect([ada.resets, ben.resets, ada.fault, ben.fault]).toEqual([0, 0, null, null]);
  const newcomer = ada.sibling();
  newcomer.address = ada.address;
  await newcomer.reconnect();
  expect(lines(newcomer.records)).toEqual(lines(ada.records));
  await newcomer.leave();
}

/** Tries until its process serves again, as a page does. */
async function backAtTheSameAddress(page: RoomClient): Promise<void> {
  while (true) {
    const met = await page.reconnect().then(
      () => true,
      () => false,
    );
    if (met) return;
    if (page.fault) throw page.fault;
    await Bun.sleep(50);
  }
}

async function leave(...pairs: readonly Pair[]): Promise<void> {
  for (const { pages } of pairs) for (const page of pages) await page.leave();
}

test(
  'one process killed: its players come back to the same log, the others feel nothing',
  async () => {
    const server = await start(dataFolder(), 2);
    const pairs = [await newPair(server), await newPair(server), await newPair(server)];
    expect(new Set(pairs.map(slotOf))).toEqual(new Set(['h1', 'h2']));
    expect(new Set(pairs.map(portOf)).has(String(server.port))).toBe(false);
    for (const pair of pairs) await move(pair);
    const hit = pairs.filter((pair) => slotOf(pair) === 'h1');
    const others = pairs.filter((pair) => slotOf(pair) !== 'h1');
    for (const { pages } of hit) pages[0]?.send(RecordKind.move, new Uint8Array(40));
    const { h1 } = gameProcesses(server.pid);
    process.kill(h1 ?? 0, 'SIGKILL');
    for (const { pages } of hit) for (const page of pages) await gone(page);
    // While there is no h1, or it is just coming, the others play on over the sockets they have.
    for (const pair of others) await move(pair, 10);
    for (const { pages } of hit) for (const page of pages) await backAtTheSameAddress(page);
    for (const pair of hit) await move(pair);
    for (const pair of others) await move(pair);
    expect(others.flatMap(({ pages }) => pages.map(({ connected }) => connected))).not.toContain(false);
    for (const pair of pairs) await expectWhole(pair);
    expect(gameProcesses(server.pid)['h1']).not.toBe(h1);
    for (const path of ['/health', '/ready']) {
      expect((await fetch(`http://127.0.0.1:${portOf(hit[0] as Pair)}${path}`)).status).toBe(200);
    }
    expect(server.output()).toMatch(/"what":"game process ended","slot":"h1"/);
    await leave(...pairs);
    const before = Object.values(gameProcesses(server.pid));
    expect(await server.stop()).toBe(0);
    await allGone(before);
  },
  TEST_MS,
);

async function gone(page: RoomClient): Promise<void> {
  await page.until('its end', () => page.closedWith !== null);
}

test(
  'three processes, then one, then none: every message is there, whoever was killed between',
  async () => {
    const dataDir = dataFolder();
    let server = await start(dataDir, 3);
    const site = { port: server.port };
    const pairs = [await newPair(site), await newPair(site), await newPair(site)];
    expect(pairs.map(slotOf).toSorted()).toEqual(['h1', 'h2', 'h3']);
    for (const pair of pairs) await move(pair, 8);
    const orphans = Object.values(gameProcesses(server.pid));
    expect(orphans).toHaveLength(3);
    // Nothing is archived by the one who is killed: the journals hold everything.
    await server.kill();
    for (const { pages } of pairs) for (const page of pages) await gone(page);
    expect(pairs[0]?.pages[0]?.closedWith).toBe(4000);

    // Started at once: it waits for the locks of those that are still stopping.
    server = await start(dataDir, 1);
    site.port = server.port;
    await allGone(orphans);
    expect(readdirSync(join(dataDir, 'journal'))).toEqual(['h1']);
    expect(hostsIn(dataDir)).toEqual(['h1']);
    for (const pair of pairs) await joinBoth(site, pair);
    expect(pairs.map(slotOf)).toEqual(['h1', 'h1', 'h1']);
    for (const pair of pairs) await move(pair, 8);
    for (const pair of pairs) await expectWhole(pair);
    await leave(...pairs);
    expect(await server.stop()).toBe(0);

    server = await start(dataDir, 0);
    site.port = server.port;
    for (const pair of pairs) await joinBoth(site, pair);
    expect(pairs.map(portOf)).toEqual(pairs.map(() => String(server.port)));
    for (const pair of pairs) await move(pair, 8);
    for (const pair of pairs) await expectWhole(pair);
    expect(
      pairs.map(({ pages }) => pages[0]?.records.filter(({ kind }) => kind === RecordKind.move).length),
    ).toEqual([48, 48, 48]);
    await leave(...pairs);
    expect(await server.stop()).toBe(0);
  },
  TEST_MS,
);

function hostsIn(dataDir: string): readonly string[] {
  const database = new Database(join(dataDir, 'main.sqlite'), { readonly: true });
  try {
    return database
      .query<{ slot: string }, []>('select slot from hosts order by slot')
      .all()
      .map(({ slot }) => slot);
  } finally {
    database.close();
  }
}

test(
  'told to stop, pages hear within which time to come back before their sockets are closed',
  async () => {
    for (const count of [0, 2]) {
      const server = await start(dataFolder(), count);
      const pair = await newPair(server);
      await move(pair);
      const stopped = server.stop();
      for (const page of pair.pages) {
        await page.until('a word of the end', () => page.drainMs !== null);
        await gone(page);
        expect(page.drainMs).toBeGreaterThan(0);
        expect(page.closedWith).toBe(4000);
      }
      expect(await stopped).toBe(0);
    }
  },
  TEST_MS,
);

test(
  'a second signal breaks off, also when a game process cannot stop, and leaves none behind',
  async () => {
    const server = await start(dataFolder(), 2);
    const pids = Object.values(gameProcesses(server.pid));
    process.kill(pids[0] ?? 0, 'SIGSTOP');
    process.kill(server.pid, 'SIGTERM');
    while (!server.output().includes('SIGTERM: stopping')) await Bun.sleep(10);
    // Signals that come together are one.
    await Bun.sleep(700);
    process.kill(server.pid, 'SIGTERM');
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain('[stop-forced]');
    await allGone(pids);
  },
  TEST_MS,
);

test(
  'a slot whose journal somebody else holds is refused, and no process is left',
  async () => {
    const dataDir = dataFolder();
    const directory = join(dataDir, 'journal', 'h2');
    mkdirSync(directory, { recursive: true });
    const lock = lockFile(join(directory, 'lock'));
    expect(lock.ok).toBe(true);
    const ended = await escapement(['start', '--port', '0', '--game-processes', '2', '--data-dir', dataDir]);
    if (lock.ok) lock.release();
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('The process for slot h2 did not start: Another process uses the journal');
    expect(ended.err).toContain('[slot-not-started]');
    // A child that was left would hold standard error open, and its journal.
    const free = lockFile(join(dataDir, 'journal', 'h1', 'lock'));
    expect(free.ok).toBe(true);
    if (free.ok) free.release();
  },
  TEST_MS,
);

test(
  'a left-over journal that cannot be read keeps the start from going on, and is left as it is',
  async () => {
    const dataDir = dataFolder();
    const server = await start(dataDir, 2);
    const pairs = [await newPair(server), await newPair(server)];
    for (const pair of pairs) await move(pair);
    await leave(...pairs);
    const pids = Object.values(gameProcesses(server.pid));
    await server.kill();
    await allGone(pids);
    const directory = join(dataDir, 'journal', 'h2');
    const segment = readdirSync(directory).find((name) => name.endsWith('.seg')) ?? '';
    const file = Bun.file(join(directory, segment));
    const bytes = new Uint8Array(await file.arrayBuffer());
    // In the middle of what was written first: later commits stand behind it.
    bytes.fill(0xa5, 520, 700);
    await Bun.write(join(directory, segment), bytes);
    const before = readdirSync(directory);
    const ended = await escapement(['start', '--port', '0', '--data-dir', dataDir]);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('[slot-not-adopted]');
    expect(ended.err).toContain(directory);
    expect(readdirSync(directory)).toEqual(before);
  },
  TEST_MS,
);

test(
  'game processes together with what cannot be is refused',
  async () => {
    const refused: readonly (readonly [string, readonly string[]])[] = [
      ['slot-with-processes', ['--slot', 'h7']],
      ['processes-without-rooms', ['web']],
      ['ports-missing', ['--port', '65534']],
    ];
    for (const [code, args] of refused) {
      const ended = await escapement(['start', '--game-processes', '2', ...args]);
      expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(`[${code}]`)]);
    }
    const alone = await escapement(['start'], { env: { ESCAPEMENT_SUPERVISED: 'on' } });
    expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('[not-supervised]')]);
  },
  TEST_MS,
);

test(
  'with the local network, sockets are reached under the address that the pages have',
  async () => {
    const server = await start(dataFolder(), 1, '--lan');
    const { hostname, port } = new URL(server.addresses.shop);
    const visitor = siteVisitor({ port: Number(port), hostname });
    const room = await enterRoom(visitor, await freeLink(visitor, GAME), 'Ada');
    const page = new RoomClient();
    await page.enter({ port: Number(port) }, visitor, room);
    expect(new URL(page.address).hostname).toBe(hostname);
    await page.leave();
  },
  TEST_MS,
);
