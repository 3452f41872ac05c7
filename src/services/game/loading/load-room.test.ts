/** Loading rooms when the database or the log does not respond, and when many rooms load at once. */
import { expect, test } from 'bun:test';
import {
  createGameFixture,
  type GameFixture,
  OTHER_ROOM,
  ROOM,
  upTo,
} from '../../../../test/support/in-process/game-fixture.ts';

test('P14 a database that does not respond closes with 4006 at its timeout, and the next attempt may succeed', async () => {
  const fixture = await createGameFixture();
  const { store } = fixture;
  const loadRoom = store.loadRoom.bind(store);
  store.loadRoom = () => new Promise(() => {});
  const page = await fixture.join();
  await fixture.world.advance(9_900);
  expect(page.closedWith).toBeNull();
  await fixture.world.advance(200);
  expect(page.closedWith).toBe(4006);
  store.loadRoom = loadRoom;
  expect((await fixture.join()).peer.names()).toContain('live');
});

test('P14 a response after the timeout opens no second room', async () => {
  const fixture = await createGameFixture();
  const { store } = fixture;
  const loadRoom = store.loadRoom.bind(store);
  let respond = () => {};
  const late = new Promise<void>((resolve) => (respond = resolve));
  store.loadRoom = (id) => late.then(() => loadRoom(id));
  await fixture.join();
  await fixture.world.advance(10_100);
  store.loadRoom = loadRoom;
  const page = await fixture.join();
  respond();
  await fixture.commit();
  page.send(1);
  await fixture.commit();
  expect(page.moves()).toEqual(['m1']);
  expect(fixture.log.opens).toHaveLength(1);
});

test('P14 P23 an archive that does not respond during a replay closes with 4006', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  anna.send(1);
  await fixture.commit();
  await fixture.store.sweep(fixture.log, 'a'.repeat(20));
  fixture.store.chunks = () => new Promise(() => {});
  const ben = await fixture.join({ seat: 2 });
  await fixture.world.advance(10_100);
  expect([ben.closedWith, anna.closedWith]).toEqual([4006, null]);
});

test('P55 rooms load a few at a time; the sockets of rooms beyond the queue limit are closed with 4006', async () => {
  const fixture = await createGameFixture({ loadsMax: 2, loadsWaitingMax: 3 });
  const { store, world } = fixture;
  const rooms = Array.from({ length: 8 }, (_, each) => `${each}`.padStart(20, 'r'));
  for (const room of rooms) store.addRoom(room, world.clock.now());
  const loadRoom = store.loadRoom.bind(store);
  let loading = 0;
  let most = 0;
  store.loadRoom = async (id) => {
    most = Math.max(most, ++loading);
    await new Promise<void>((resolve) => world.timers.after(50, resolve));
    loading--;
    return loadRoom(id);
  };
  const pages = rooms.map((room) => {
    const page = fixture.open({ room });
    page.hello({ room });
    return page;
  });
  await world.advance(1_000);
  expect(most).toBe(2);
  expect(pages.map(({ closedWith }) => closedWith)).toEqual([null, null, null, null, null, 4006, 4006, 4006]);
  expect((await fixture.join({ room: rooms[7]! })).closedWith).toBeNull();
});

/** Blocks all log calls of one kind until the returned function is called. */
function blockLog(fixture: GameFixture, what: 'open' | 'append' | 'read'): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const real = fixture.log[what] as (...values: unknown[]) => Promise<unknown>;
  Object.assign(fixture.log, {
    [what]: (...values: unknown[]) => promise.then(() => real.apply(fixture.log, values)),
  });
  return () => {
    Object.assign(fixture.log, { [what]: real });
    resolve();
  };
}

for (const what of ['open', 'read', 'append'] as const) {
  test(`P14 a log that does not respond to ${what} closes with 4006 at its timeout and blocks no other room`, async () => {
    const fixture = await createGameFixture({ loadsMax: 1 });
    fixture.store.addRoom(OTHER_ROOM, fixture.world.clock.now());
    // The log has a tail to read.
    (await fixture.join()).send(1);
    // One second later, the log accepts the first epoch that is tried.
    await fixture.world.advance(1_000);
    await fixture.crash();
    const unblock = blockLog(fixture, what);
    const page = await fixture.join();
    const other = fixture.open({ room: OTHER_ROOM });
    other.hello({ room: OTHER_ROOM });
    await fixture.world.advance(9_900);
    expect(page.closedWith).toBeNull();
    await fixture.world.advance(200);
    expect(page.closedWith).toBe(4006);
    unblock();
    await fixture.world.advance(500);
    expect(other.peer.names()).toContain('live');
    // The late response was ignored, and the room was released in the log.
    expect(fixture.log.releases).toEqual([ROOM]);
    const again = await fixture.join();
    expect([...new Set(again.seqs())]).toEqual(upTo(again.peer.last('live').seq));
    expect(again.moves()).toEqual(['m1']);
  });
}

test('P14 a log that does not respond when a page has a later epoch closes with 4006', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const { epoch } = anna.peer.last('welcome');
  blockLog(fixture, 'open');
  const ben = await fixture.join({ seat: 2, epoch: epoch + 1, seq: 2 });
  await fixture.world.advance(10_100);
  expect([ben.closedWith, anna.closedWith]).toEqual([4006, null]);
});

test('a room that was opened in the log and fails to load is released there', async () => {
  const refused = await createGameFixture();
  refused.log.nextAppends.push('refused');
  expect((await refused.join()).closedWith).toBe(4006);
  expect(refused.log.releases).toEqual([ROOM]);

  const gap = await createGameFixture();
  (await gap.join()).send(1);
  await gap.commit();
  await gap.crash();
  gap.log.read = () => Promise.resolve([]);
  const page = await gap.join();
  await gap.world.advance(2_000);
  expect(page.closedWith).toBe(4500);
  expect(gap.log.releases).toEqual([ROOM]);
});

test('a room that is unloaded at once is released in the log when its append has settled', async () => {
  const unknown = await createGameFixture();
  const anna = await unknown.join();
  unknown.log.nextAppends.push('unknown');
  anna.send(1);
  await unknown.commit();
  expect([anna.closedWith, unknown.log.releases]).toEqual([4005, [ROOM]]);

  const broken = await createGameFixture();
  const ben = await broken.join();
  const release = broken.log.holdAppends();
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
