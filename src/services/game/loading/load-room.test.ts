/** Opening rooms when the database or the log is slow, or when very many are wanted at once. */
import { expect, test } from 'bun:test';
import {
  createGameBench,
  type GameBench,
  OTHER_ROOM,
  ROOM,
  upTo,
} from '../../../../test/support/in-process/game-fixture.ts';

test('P14 a database that does not answer closes with 4006 within its time, and the next try may succeed', async () => {
  const bench = await createGameBench();
  const { store } = bench;
  const loadRoom = store.loadRoom.bind(store);
  store.loadRoom = () => new Promise(() => {});
  const page = await bench.join();
  await bench.world.advance(9_900);
  expect(page.closedWith).toBeNull();
  await bench.world.advance(200);
  expect(page.closedWith).toBe(4006);
  store.loadRoom = loadRoom;
  expect((await bench.join()).peer.names()).toContain('live');
});

test('P14 an answer that comes too late opens no second room', async () => {
  const bench = await createGameBench();
  const { store } = bench;
  const loadRoom = store.loadRoom.bind(store);
  let answer = () => {};
  const late = new Promise<void>((resolve) => (answer = resolve));
  store.loadRoom = (id) => late.then(() => loadRoom(id));
  await bench.join();
  await bench.world.advance(10_100);
  store.loadRoom = loadRoom;
  const page = await bench.join();
  answer();
  await bench.commit();
  page.send(1);
  await bench.commit();
  expect(page.moves()).toEqual(['m1']);
  expect(bench.log.opens).toHaveLength(1);
});

test('P14 P23 an archive that does not answer during a replay closes with 4006', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  anna.send(1);
  await bench.commit();
  await bench.store.sweep(bench.log, 'a'.repeat(20));
  bench.store.chunks = () => new Promise(() => {});
  const ben = await bench.join({ seat: 2 });
  await bench.world.advance(10_100);
  expect([ben.closedWith, anna.closedWith]).toEqual([4006, null]);
});

test('P55 rooms load a few at a time; of those that wait beyond the bound the sockets are told to come back', async () => {
  const bench = await createGameBench({ loadsMax: 2, loadsWaitingMax: 3 });
  const { store, world } = bench;
  const rooms = Array.from({ length: 8 }, (_, each) => `${each}`.padStart(20, 'r'));
  for (const room of rooms) store.addRoom(room, world.clock.now());
  const loadRoom = store.loadRoom.bind(store);
  let under = 0;
  let most = 0;
  store.loadRoom = async (id) => {
    most = Math.max(most, ++under);
    await new Promise<void>((resolve) => world.timers.after(50, resolve));
    under--;
    return loadRoom(id);
  };
  const pages = rooms.map((room) => {
    const page = bench.open({ room });
    page.hello({ room });
    return page;
  });
  await world.advance(1_000);
  expect(most).toBe(2);
  expect(pages.map(({ closedWith }) => closedWith)).toEqual([null, null, null, null, null, 4006, 4006, 4006]);
  expect((await bench.join({ room: rooms[7]! })).closedWith).toBeNull();
});

/** Holds every call of one kind back that the log gets, until the answer is called. */
function silence(bench: GameBench, what: 'open' | 'append' | 'read'): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const real = bench.log[what] as (...values: unknown[]) => Promise<unknown>;
  Object.assign(bench.log, {
    [what]: (...values: unknown[]) => promise.then(() => real.apply(bench.log, values)),
  });
  return () => {
    Object.assign(bench.log, { [what]: real });
    resolve();
  };
}

for (const what of ['open', 'read', 'append'] as const) {
  test(`P14 a log that is silent at ${what} closes with 4006 within its time and keeps no other room waiting`, async () => {
    const bench = await createGameBench({ loadsMax: 1 });
    bench.store.addRoom(OTHER_ROOM, bench.world.clock.now());
    // There is a tail to be read.
    (await bench.join()).send(1);
    // In a later second the first epoch tried is one that the log takes.
    await bench.world.advance(1_000);
    await bench.crash();
    const speak = silence(bench, what);
    const page = await bench.join();
    const other = bench.open({ room: OTHER_ROOM });
    other.hello({ room: OTHER_ROOM });
    await bench.world.advance(9_900);
    expect(page.closedWith).toBeNull();
    await bench.world.advance(200);
    expect(page.closedWith).toBe(4006);
    speak();
    await bench.world.advance(500);
    expect(other.peer.names()).toContain('live');
    // What it answered at last was for nobody: the room is not left open in the log.
    expect(bench.log.releases).toEqual([ROOM]);
    const again = await bench.join();
    expect([...new Set(again.seqs())]).toEqual(upTo(again.peer.last('live').seq));
    expect(again.moves()).toEqual(['m1']);
  });
}

test('P14 a log that is silent when a page knows a later epoch closes with 4006', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const { epoch } = anna.peer.last('welcome');
  silence(bench, 'open');
  const ben = await bench.join({ seat: 2, epoch: epoch + 1, seq: 2 });
  await bench.world.advance(10_100);
  expect([ben.closedWith, anna.closedWith]).toEqual([4006, null]);
});

test('a room that was opened in the log and cannot be entered is let go of there', async () => {
  const refused = await createGameBench();
  refused.log.nextAppends.push('refused');
  expect((await refused.join()).closedWith).toBe(4006);
  expect(refused.log.releases).toEqual([ROOM]);

  const gap = await createGameBench();
  (await gap.join()).send(1);
  await gap.commit();
  await gap.crash();
  gap.log.read = () => Promise.resolve([]);
  const page = await gap.join();
  await gap.world.advance(2_000);
  expect(page.closedWith).toBe(4500);
  expect(gap.log.releases).toEqual([ROOM]);
});

test('a room that leaves memory at once is let go of in the log, when nothing of it is under way any more', async () => {
  const unknown = await createGameBench();
  const anna = await unknown.join();
  unknown.log.nextAppends.push('unknown');
  anna.send(1);
  await unknown.commit();
  expect([anna.closedWith, unknown.log.releases]).toEqual([4005, [ROOM]]);

  const broken = await createGameBench();
  const ben = await broken.join();
  const release = broken.log.block();
  ben.send(1);
  broken.store.chunks = () => Promise.resolve([]);
  broken.log.read = () => Promise.resolve([]);
  const late = await broken.join({ seat: 2 });
  await broken.world.advance(2_000);
  expect([ben.closedWith, late.closedWith, broken.log.releases]).toEqual([4500, 4500, []]);
  release();
  await broken.commit();
  expect(broken.log.releases).toEqual([ROOM]);
});
