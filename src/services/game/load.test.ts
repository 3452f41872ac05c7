/** Opening rooms when the database is slow, or when very many are wanted at once. */
import { expect, test } from 'bun:test';
import { createGameBench } from '../../../test/support/game-bench.ts';

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
