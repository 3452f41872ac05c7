/**
 * A reconnect storm: thousands of players lose their connection at the same moment, as when a switch
 * restarts, and all come back with backoff and jitter. All of them are back, nothing that they made is
 * lost or comes twice, the limits that keep out attackers do not keep out schools of players, the
 * database is asked nothing, and the server's memory is what it was.
 *
 * A thousand sockets in the short form, ten thousand in the full one; 300 stand behind each address. Each
 * control does without one thing: the door's room for a school, the rooms in memory, what the server
 * knows of a page and of what it lacks, and the jitter.
 */
import { afterEach, expect, test } from 'bun:test';
import type { RoomServerOptions } from '../support/processes/room-server.shared.ts';
import { startRoomServer } from '../support/processes/room-server.ts';
import { rounds } from '../support/rounds.ts';
import { type Coming, SmallPage, wrongInRoom } from '../support/clients/small-page.ts';

const PLAYERS = rounds(1_000, 10_000);
const PLAYERS_CONTROL = 600;
const PER_ROOM = 4;
/** A school. */
const PER_ADDRESS = 300;
const TEST_MS = 300_000;
/** All are back within it: by far more than it takes, since this machine may be busy. */
const BACK_MS = 120_000;
/** An echo that has not come by then is missed. */
const ECHO_MS = 60_000;
/** Beside what as many sockets took before: for a moment there were old and new ones, and the rest is noise. */
const GROWTH_MB_MAX = rounds(60, 120);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function roomOf(index: number): string {
  return index.toString(36).padStart(20, '0');
}

async function start(players: number, change: Partial<RoomServerOptions>) {
  const rooms = Array.from({ length: Math.ceil(players / PER_ROOM) }, (_, index) => roomOf(index));
  const server = await startRoomServer({ rooms, ...change });
  undo.push(() => server.stop());
  const pages = Array.from({ length: players }, (_, index) => {
    const room = roomOf(Math.floor(index / PER_ROOM));
    const address = `10.0.${Math.floor(index / PER_ADDRESS)}.1`;
    return new SmallPage({ port: server.port, room, seat: 1 + (index % PER_ROOM), address });
  });
  undo.push(() => {
    for (const page of pages) page.cut();
  });
  return { server, pages };
}

interface Storm {
  /** How many are back. */
  readonly back: number;
  /** Moves that each page made. */
  readonly made: readonly number[];
  /** What was lost or repeated. */
  readonly wrong: readonly string[];
  /** Of the database: until all were in for the first time, and for all that came then. */
  readonly queriesBefore: number;
  readonly queriesAfter: number;
  readonly growthMb: number;
  /** That the server believes in, in the end. */
  readonly sockets: number;
  readonly failures: number;
}

async function storm(players: number, change: Partial<RoomServerOptions>, backMs = BACK_MS): Promise<Storm> {
  const { server, pages } = await start(players, change);
  await within(backMs, pages, (page, coming) => page.enter(coming));
  for (const page of pages) if (page.live) page.move();
  await echoes(pages);
  const before = await server.counts();
  // On its way when the connection goes: nobody knows whether it arrived.
  for (const page of pages) page.move();
  for (const page of pages) page.cut();
  const back = await within(backMs, pages, (page, coming) => page.comeBack(coming));
  for (const page of pages) if (page.live) page.move();
  if (back === players) await echoes(pages);
  await Promise.all(pages.map((page) => page.caughtUp()));
  const after = await server.counts();
  return {
    back,
    made: pages.map(({ made }) => made),
    wrong: wrongIn(pages),
    queriesBefore: total(before.queries),
    queriesAfter: total(after.queries) - total(before.queries),
    growthMb: after.residentMb - before.residentMb,
    sockets: after.sockets,
    failures: after.failures,
  };
}

/** Does it for all pages at once; answers for how many it was done in time. */
async function within(
  ms: number,
  pages: readonly SmallPage[],
  work: (page: SmallPage, coming: Coming) => Promise<boolean>,
): Promise<number> {
  const until = performance.now() + ms;
  const done = await Promise.all(pages.map((page) => work(page, { until })));
  return done.filter(Boolean).length;
}

async function echoes(pages: readonly SmallPage[]): Promise<void> {
  const until = performance.now() + ECHO_MS;
  while (pages.some((page) => page.live && !page.echoed) && performance.now() < until) await Bun.sleep(20);
}

function total(queries: { readonly [name: string]: number }): number {
  return Object.values(queries).reduce((sum, count) => sum + count, 0);
}

function wrongIn(pages: readonly SmallPage[]): readonly string[] {
  const teams = Array.from({ length: Math.ceil(pages.length / PER_ROOM) }, (_, index) =>
    pages.slice(index * PER_ROOM, (index + 1) * PER_ROOM),
  );
  return teams.flatMap((team, index) => wrongInRoom(`${index}`, team));
}

test(
  `${PLAYERS} players cut off at once: all come back, nothing is lost or repeated, and the database is not asked`,
  async () => {
    const seen = await storm(PLAYERS, {});
    expect(seen.back).toBe(PLAYERS);
    expect(seen.wrong).toEqual([]);
    expect(new Set(seen.made)).toEqual(new Set([3]));
    // Once for each room, when it was loaded, and not much beside.
    expect(seen.queriesBefore).toBeLessThanOrEqual((3 * PLAYERS) / PER_ROOM);
    expect(seen.queriesAfter).toBe(0);
    expect(seen.growthMb).toBeLessThan(GROWTH_MB_MAX);
    expect([seen.sockets, seen.failures]).toEqual([PLAYERS, 0]);
  },
  TEST_MS,
);

test(
  'control: with room for fewer than stand behind one address, not all come back',
  async () => {
    const limits = { socketsPerAddressMax: PER_ADDRESS / 3 };
    expect((await storm(PLAYERS_CONTROL, { limits }, 1_500)).back).toBeLessThan(PLAYERS_CONTROL);
  },
  TEST_MS,
);

test(
  'control: a server that asks the database about each socket would ask it thousands of times',
  async () => {
    const { back, queriesAfter } = await storm(PLAYERS_CONTROL, { removed: 'memory-of-rooms' });
    expect(back).toBe(PLAYERS_CONTROL);
    expect(queriesAfter).toBeGreaterThanOrEqual(PLAYERS_CONTROL);
  },
  TEST_MS,
);

test(
  'control: a server that forgets who comes back lets moves come twice, in every room',
  async () => {
    const { back, wrong } = await storm(PLAYERS_CONTROL, { removed: 'memory-of-clients' });
    expect(back).toBe(PLAYERS_CONTROL);
    const twice = wrong.filter((what) => what.endsWith('a page saw a move twice'));
    expect(new Set(twice).size).toBe(PLAYERS_CONTROL / PER_ROOM);
  },
  TEST_MS,
);

test(
  'control: a server that sends nothing of what was missed leaves gaps, and moves that are lacking',
  async () => {
    const { back, wrong } = await storm(PLAYERS_CONTROL, { removed: 'replay-of-the-rest' });
    expect(back).toBe(PLAYERS_CONTROL);
    expect(wrong.filter((what) => /: entry \d+ after \d+$/.test(what))).not.toEqual([]);
    expect(wrong.filter((what) => /: a page lacks \d:\d/.test(what))).not.toEqual([]);
  },
  TEST_MS,
);

/**
 * A door that takes ten at once and forty a second, and a hundred who lost their connection: by three tries
 * with jitter nine in ten are in, without it a third. The line between them leaves room for chance, and
 * for a machine so busy that it spreads the crowd by itself.
 */
const CROWD = 100;
const NARROW = { upgradeRate: 40, upgradeBurst: 10 };
const TRIES = 3;
const CROWD_IN = 75;

async function crowd(random: () => number): Promise<number> {
  const { pages } = await start(CROWD, { limits: NARROW });
  return within(BACK_MS, pages, (page, coming) => page.comeBack({ ...coming, random, triesMax: TRIES }));
}

test(
  'with jitter most of a crowd is let in by a narrow door in a few tries; control: without jitter it is not',
  async () => {
    const [withJitter, without] = await Promise.all([crowd(Math.random), crowd(() => 1)]);
    expect(withJitter).toBeGreaterThan(CROWD_IN);
    expect(without).toBeLessThan(CROWD_IN);
  },
  TEST_MS,
);
