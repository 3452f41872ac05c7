/**
 * Several real game processes: what happens to players when one of them dies, when all are stopped, when
 * the main process dies, and when fewer are started next time.
 *
 * The controls remove the order of write and echo, the journals' locks, and the journals of removed slots.
 */
import { Database } from 'bun:sqlite';
import { afterEach, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { lockFile } from '../../src/lib/lock.real.ts';
import { type ServerProcess, startServer } from '../e2e/support/server.ts';
import { escapement, temporaryFolder } from '../support/processes/command-line.ts';
import { faultServer } from '../support/fault-test.ts';
import { allGone, gameProcesses, startWithProcesses } from '../support/processes/game-processes.ts';
import { enterRoom, freeLink, RoomClient } from '../support/clients/room-client.ts';
import {
  reconnectUntilServed,
  disconnected,
  joinBoth,
  closePairs,
  sendMoves,
  createPair,
  type Pair,
  portOf,
  slotOf,
  problemsOf,
} from '../support/clients/client-pair.ts';
import { type Site, siteVisitor } from '../support/clients/visitor.ts';

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

/** The program; it and its game processes are ended when the test is over. */
async function start(dataDir: string, count: number, ...flags: string[]): Promise<ServerProcess> {
  return endedAfter(await startWithProcesses(dataDir, count, flags));
}

/** The same without this guard in any of its processes. */
async function startWithout(removedGuard: string, dataDir: string, count: number): Promise<ServerProcess> {
  const flags = ['--game-processes', String(count)];
  return endedAfter(await startServer(faultServer(dataDir, { removedGuard, everywhere: true, flags })));
}

function endedAfter(server: ServerProcess): ServerProcess {
  undo.push(async () => {
    const pids = Object.values(gameProcesses(server.pid));
    await server.kill();
    await allGone(pids);
  });
  return server;
}

test(
  'one process killed: its players come back to the same log, the others notice nothing',
  async () => {
    const server = await start(dataFolder(), 2);
    const pairs = [await createPair(server), await createPair(server), await createPair(server)];
    expect(new Set(pairs.map(slotOf))).toEqual(new Set(['h1', 'h2']));
    expect(new Set(pairs.map(portOf)).has(String(server.port))).toBe(false);
    for (const pair of pairs) await sendMoves(pair);
    const hit = pairs.filter((pair) => slotOf(pair) === 'h1');
    const others = pairs.filter((pair) => slotOf(pair) !== 'h1');
    for (const { pages } of hit) pages[0]?.send(RecordKind.move, new Uint8Array(40));
    const { h1 } = gameProcesses(server.pid);
    process.kill(h1 ?? 0, 'SIGKILL');
    for (const { pages } of hit) for (const page of pages) await disconnected(page);
    // While h1 is down or starting, the others play on over their open sockets.
    for (const pair of others) await sendMoves(pair, 10);
    for (const { pages } of hit) for (const page of pages) await reconnectUntilServed(page);
    for (const pair of hit) await sendMoves(pair);
    for (const pair of others) await sendMoves(pair);
    expect(others.flatMap(({ pages }) => pages.map(({ isConnected }) => isConnected))).not.toContain(false);
    for (const pair of pairs) expect(await problemsOf(pair)).toEqual([]);
    expect(gameProcesses(server.pid)['h1']).not.toBe(h1);
    for (const path of ['/health', '/ready']) {
      expect((await fetch(`http://127.0.0.1:${portOf(hit[0] as Pair)}${path}`)).status).toBe(200);
    }
    expect(server.output()).toMatch(/"what":"game process exited","slot":"h1"/);
    await closePairs(...pairs);
    const before = Object.values(gameProcesses(server.pid));
    expect(await server.stop()).toBe(0);
    await allGone(before);
  },
  TEST_MS,
);

test(
  'control: if echoes came before their write, players of a process that is killed would lose what they saw',
  async () => {
    const server = await startWithout('early', dataFolder(), 1);
    const { h1 = 0 } = gameProcesses(server.pid);
    const pair = await createPair(server);
    await sendMoves(pair);
    // Seen by both, and written later.
    process.kill(h1, 'SIGKILL');
    for (const page of pair.pages) await disconnected(page);
    for (const page of pair.pages) await reconnectUntilServed(page);
    expect(await problemsOf(pair)).toEqual(['a page was reset', 'a page was reset']);
  },
  TEST_MS,
);

test(
  'three processes, then one, then none: every message is there, whichever was killed between',
  async () => {
    const dataDir = dataFolder();
    let server = await start(dataDir, 3);
    const site = { port: server.port };
    const pairs = [await createPair(site), await createPair(site), await createPair(site)];
    expect(pairs.map(slotOf).toSorted()).toEqual(['h1', 'h2', 'h3']);
    for (const pair of pairs) await sendMoves(pair, 8);
    const orphans = Object.values(gameProcesses(server.pid));
    expect(orphans).toHaveLength(3);
    // A killed process archives nothing: the journals hold everything.
    await server.kill();
    for (const { pages } of pairs) for (const page of pages) await disconnected(page);
    expect(pairs[0]?.pages[0]?.closedWith).toBe(4000);

    // Started at once: it waits for the locks of the processes that are still stopping.
    server = await start(dataDir, 1);
    site.port = server.port;
    await allGone(orphans);
    expect(readdirSync(join(dataDir, 'journal'))).toEqual(['h1']);
    expect(hostsIn(dataDir)).toEqual(['h1']);
    for (const pair of pairs) await joinBoth(site, pair);
    expect(pairs.map(slotOf)).toEqual(['h1', 'h1', 'h1']);
    for (const pair of pairs) await sendMoves(pair, 8);
    for (const pair of pairs) expect(await problemsOf(pair)).toEqual([]);
    await closePairs(...pairs);
    expect(await server.stop()).toBe(0);

    server = await start(dataDir, 0);
    site.port = server.port;
    for (const pair of pairs) await joinBoth(site, pair);
    expect(pairs.map(portOf)).toEqual(pairs.map(() => String(server.port)));
    for (const pair of pairs) await sendMoves(pair, 8);
    for (const pair of pairs) expect(await problemsOf(pair)).toEqual([]);
    expect(
      pairs.map(({ pages }) => pages[0]?.records.filter(({ kind }) => kind === RecordKind.move).length),
    ).toEqual([48, 48, 48]);
    await closePairs(...pairs);
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
  'control: without the journals of removed slots, what was in them is lost',
  async () => {
    const dataDir = dataFolder();
    let server = await start(dataDir, 2);
    const site: Site = { port: server.port };
    const pairs = [await createPair(site), await createPair(site)];
    for (const pair of pairs) await sendMoves(pair);
    const orphaned = pairs.find((pair) => slotOf(pair) === 'h2') as Pair;
    const processes = Object.values(gameProcesses(server.pid));
    // No process stops gracefully or is restarted: what was sent is in the journals alone.
    for (const pid of processes) process.kill(pid, 'SIGSTOP');
    await server.kill();
    for (const pid of processes) process.kill(pid, 'SIGKILL');
    await allGone(processes);
    renameSync(join(dataDir, 'journal', 'h2'), join(dataDir, 'h2-put-aside'));
    server = await start(dataDir, 1);
    site.port = server.port;
    await joinBoth(site, orphaned);
    expect(await problemsOf(orphaned)).toEqual(['a page was reset', 'a page was reset']);
  },
  TEST_MS,
);

test(
  'when stopped, it sends pages a drain notice with a window before their sockets are closed',
  async () => {
    for (const count of [0, 2]) {
      const server = await start(dataFolder(), count);
      const pair = await createPair(server);
      await sendMoves(pair);
      const stopped = server.stop();
      for (const page of pair.pages) {
        await page.until('a drain notice', () => page.drainMs !== null);
        await disconnected(page);
        expect(page.drainMs).toBeGreaterThan(0);
        expect(page.closedWith).toBe(4000);
      }
      expect(await stopped).toBe(0);
    }
  },
  TEST_MS,
);

test(
  'a second signal ends the program at once, also when a game process cannot stop, and leaves no process',
  async () => {
    const server = await start(dataFolder(), 2);
    const pids = Object.values(gameProcesses(server.pid));
    process.kill(pids[0] ?? 0, 'SIGSTOP');
    process.kill(server.pid, 'SIGTERM');
    while (!server.output().includes('SIGTERM: stopping')) await Bun.sleep(10);
    // Signals that follow each other immediately count as one.
    await Bun.sleep(700);
    process.kill(server.pid, 'SIGTERM');
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain('[stop-forced]');
    await allGone(pids);
  },
  TEST_MS,
);

test(
  'a slot whose journal is locked by another process is refused, and no process is left',
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
    // A remaining child process would hold standard error and its journal open.
    const free = lockFile(join(dataDir, 'journal', 'h1', 'lock'));
    expect(free.ok).toBe(true);
    if (free.ok) free.release();
  },
  TEST_MS,
);

test(
  'control: without the locks a slot whose journal is locked is served',
  async () => {
    const dataDir = dataFolder();
    const directory = join(dataDir, 'journal', 'h2');
    mkdirSync(directory, { recursive: true });
    const lock = lockFile(join(directory, 'lock'));
    const server = await startWithout('locks', dataDir, 2);
    if (lock.ok) lock.release();
    expect(Object.keys(gameProcesses(server.pid)).toSorted()).toEqual(['h1', 'h2']);
  },
  TEST_MS,
);

test(
  'an orphaned journal that cannot be read prevents the start, and is not changed',
  async () => {
    const dataDir = dataFolder();
    const server = await start(dataDir, 2);
    const pairs = [await createPair(server), await createPair(server)];
    for (const pair of pairs) await sendMoves(pair);
    await closePairs(...pairs);
    const pids = Object.values(gameProcesses(server.pid));
    await server.kill();
    await allGone(pids);
    const directory = join(dataDir, 'journal', 'h2');
    const segment = readdirSync(directory).find((name) => name.endsWith('.seg')) ?? '';
    const file = Bun.file(join(directory, segment));
    const bytes = new Uint8Array(await file.arrayBuffer());
    // In the middle of the earliest commits, with later ones after it.
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
  'game processes together with impossible options are refused',
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
    await page.close();
  },
  TEST_MS,
);
